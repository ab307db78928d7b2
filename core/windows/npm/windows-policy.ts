import {withDefaults} from '../../kubernetes/api-defaults.ts'
import type {NetworkPolicy} from '../../kubernetes/objects.ts'
import type {SetCondition} from '../../policy/named-set.ts'
import {npmPolicyOf} from '../../policy/npm-policy.ts'
import type {CheckPolicy, Dialect, NpmPolicy} from '../../policy/npm-policy-model.ts'
import type {CompileOptions, Semantics} from '../../policy/program.ts'
import type {UnsupportedList} from '../../policy/unsupported.ts'

/**
 * Translates one policy as Azure NPM on Windows does. It refuses what ACLs of HNS cannot express: named ports, SCTP, negated selectors
 * and exceptions of blocks. Of a refused part all of the policy is refused.
 *
 * @returns the policy, its directions in the order in which the policy names them
 * Source: sections 3.7 to 3.12 of the reference of HNS.
 */
export function windowsPolicyOf(object: NetworkPolicy, options: CompileOptions): NpmPolicy {
  const translated = npmPolicyOf(object, options, dialect)
  const [first] = withDefaults(object).spec.policyTypes ?? []
  if (translated.chains.length < 2 || first !== 'Egress') return translated
  return {...translated, chains: translated.chains.toReversed()}
}

const check: CheckPolicy = ({target, chains}, {semantics}, refusals) => {
  if (target.some(({negated}) => negated)) refusals.add('WINDOWS_NEGATED_PODS', 'spec.podSelector', NO_NEGATION)
  for (const {direction, blocks} of chains) {
    const fields = new Set<string>()
    for (const {peers, ports} of blocks) {
      for (const {peer, field} of peers) {
        if (fields.has(field)) continue
        fields.add(field)
        checkPeer(peer, field, direction === 'Ingress', semantics, refusals)
      }
      for (const {protocol, namedPort} of ports) {
        const field = portsField(peers[0]?.field ?? '')
        if (namedPort)
          refusals.add(
            'WINDOWS_NAMED_PORT',
            field,
            `a port has the name "${namedPort.name.replace(/^namedport:/, '')}", and rules of HNS have numbers`,
          )
        else if (protocol === 'SCTP')
          refusals.add('WINDOWS_SCTP', field, 'a port is of SCTP, which Azure NPM on Windows does not write')
      }
    }
  }
}

const NO_NEGATION = 'NotIn and DoesNotExist have no counterpart in rules of HNS'

/** `spec.ingress[0].ports` of `spec.ingress[0].from[1]` or `spec.ingress[0]`. */
const portsField = (field: string): string => `${field.replace(/\.(?:from|to)\[\d+\]$/, '')}.ports`

function checkPeer(
  peer: readonly SetCondition[],
  field: string,
  isIngress: boolean,
  semantics: Semantics,
  refusals: UnsupportedList,
): void {
  if (peer.some(({set}) => set.literal === undefined && set.blocks?.some(block => block.endsWith(' nomatch'))))
    refusals.add('WINDOWS_EXCEPT', `${field}.ipBlock.except`, 'sets of HNS hold blocks without exceptions')
  const negated = peer.filter(each => each.negated)
  if (negated.length === 0) return
  if (negated.some(({set}) => !isOfNamespaces(set.type)))
    refusals.add('WINDOWS_NEGATED_PODS', `${field}.podSelector`, NO_NEGATION)
  else if (isIngress || semantics === 'kubernetes')
    refusals.add('WINDOWS_NEGATED_NAMESPACES', `${field}.namespaceSelector`, NO_NEGATION)
  else
    refusals.addLoss(
      'WINDOWS_INVERTED_NAMESPACES',
      `${field}.namespaceSelector`,
      'Azure NPM on Windows writes NotIn and DoesNotExist of an egress rule as if they were In and Exists',
      'The rule allows exactly the namespaces that it should exclude',
    )
}

const isOfNamespaces = (type: string): boolean => type === 'KeyLabelOfNamespace' || type === 'KeyValueLabelOfNamespace'

const dialect: Dialect = {check, hasLiteralLiteBlocks: true, keepsBlockText: true}
