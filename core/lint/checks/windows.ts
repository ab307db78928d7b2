import type {LabelExpression, LabelSelector} from '../../kubernetes/objects.ts'
import type {Check} from '../check.ts'
import {aclId} from '../cluster-view.ts'
import type {Remark} from '../findings.ts'
import {type PolicyView, peersOf, portsOf} from '../policy-view.ts'

/** Microsoft advises against more than a few thousand ports in one rule. */
const MOST_PORTS = 4000

/** What Azure NPM on Windows refuses, or does differently from Linux. */
export const checkWindows: Check = function* (view, {clusterView}) {
  const {object, policy} = view
  yield* negations(object.spec.podSelector, 'spec.podSelector', 'WINDOWS_NEGATED_PODS')
  for (const {item, field, direction} of peersOf(view)) {
    const {ipBlock, podSelector, namespaceSelector} = item
    if (ipBlock) {
      if (ipBlock.except)
        yield {
          code: 'WINDOWS_EXCEPT',
          field: `${field}.ipBlock.except`,
          what: `${ipBlock.cidr} has ${ipBlock.except.length} except`,
        }
      continue
    }
    yield* negations(podSelector, `${field}.podSelector`, 'WINDOWS_NEGATED_PODS')
    const code = direction === 'Ingress' ? 'WINDOWS_NEGATED_NAMESPACES' : 'WINDOWS_INVERTED_NAMESPACES'
    yield* negations(namespaceSelector, `${field}.namespaceSelector`, code)
  }
  yield* checkPorts(view)
  const twins = clusterView.sharingAclId(view).join(', ')
  if (twins !== '')
    yield {code: 'WINDOWS_ACL_ID', field: 'metadata.name', what: `${policy} and ${twins} have the id ${aclId(view)}`}
}

function* checkPorts(view: PolicyView): Generator<Remark> {
  for (const {item, field} of portsOf(view)) {
    const {port, endPort, protocol} = item
    if (typeof port === 'string')
      yield {code: 'WINDOWS_NAMED_PORT', field: `${field}.port`, what: `the port has the name "${port}"`}
    if (protocol === 'SCTP') yield {code: 'WINDOWS_SCTP', field: `${field}.protocol`, what: 'the port is of SCTP'}
    const count = typeof port === 'number' && endPort !== undefined ? endPort - port + 1 : 0
    if (count > MOST_PORTS)
      yield {code: 'WINDOWS_WIDE_RANGE', field: `${field}.endPort`, what: `${port} to ${endPort} are ${count} ports`}
  }
}

const isNegated = ({operator}: LabelExpression): boolean => operator === 'NotIn' || operator === 'DoesNotExist'

function* negations(
  selector: LabelSelector | undefined,
  field: string,
  code: 'WINDOWS_NEGATED_PODS' | 'WINDOWS_NEGATED_NAMESPACES' | 'WINDOWS_INVERTED_NAMESPACES',
): Generator<Remark> {
  for (const [index, expression] of (selector?.matchExpressions ?? []).entries())
    if (isNegated(expression))
      yield {
        code,
        field: `${field}.matchExpressions[${index}]`,
        what: `${expression.operator} of "${expression.key}" is a negation`,
      }
}
