import {findNamed} from '../kubernetes/named-end.ts'
import {kindOfWord} from '../kubernetes/object-reference.ts'
import {objectKey, type Pod, type Service} from '../kubernetes/objects.ts'
import {serviceAt} from '../kubernetes/service-backends.ts'
import {isSetName} from '../names/kernel-name.ts'
import {setTypeOf} from '../names/set-name.ts'
import {parseIpv4} from '../net/ipv4.ts'
import {InputError, NotFoundError, unknownName} from '../problem/input-error.ts'
import {namesAskedFor} from '../sets/list-sets.ts'
import {meant} from '../text/nearest.ts'
import {isIpv6} from '../trace/endpoints.ts'
import {isCalled} from '../translate/filter.ts'
import {findSets} from '../translate/find-sets.ts'
import type {Knowledge} from './knowledge.ts'

/** What a word stands for. */
export type Subject =
  | {readonly type: 'pod'; readonly name: string; readonly pod: Pod; readonly choice?: string}
  | {readonly type: 'service'; readonly name: string; readonly service: Service; readonly choice?: string}
  | {readonly type: 'address' | 'namespace' | 'node' | 'policy' | 'set'; readonly name: string}

/**
 * Finds what a word stands for. Of several things that are called so it is the first of: a pod, a policy, a set. Words that only sets
 * can have, `app=web`, are sets.
 *
 * @param namespace of names without one
 * @throws InputError for what is not known, with what was meant where something is called nearly so
 */
export function findSubject(asked: string, namespace: string | undefined, known: Knowledge): Subject {
  if (parseIpv4(asked) !== undefined) {
    const service = serviceAt(known.cluster?.services ?? [], asked)
    if (!service) return {type: 'address', name: asked}
    const name = objectKey(service)
    return {type: 'service', name, service, choice: `${asked} is the address of service ${name}`}
  }
  if (isIpv6(asked)) return ofIpv6(asked, known)
  const slash = asked.indexOf('/')
  const kind = asked.slice(0, Math.max(0, slash)).toLowerCase()
  const name = asked.slice(slash + 1)
  // A pod of a namespace that is called as a kind is.
  const isPodsName = known.pods.some(pod => objectKey(pod) === asked)
  if (!isPodsName) {
    if (kindOfWord(kind) === 'namespace') return among('namespace', name, namespacesOf(known), known)
    if (kindOfWord(kind) === 'node') return among('node', name, nodesOf(known), known)
    if (kindOfWord(kind) === 'policy') return policyOf(name, namespace, known) ?? noPolicy(name, known)
    // `set/app` may be a label's own name.
    if (kindOfWord(kind) === 'set' && name !== '' && !isSet(asked, known)) return setOf(name, known)
  }
  if (/[=:]/.test(asked) || isSetName(asked) || setTypeOf(asked) !== 'Unknown') return setOf(asked, known)
  try {
    const found = findNamed(asked, {pods: known.pods, services: known.cluster?.services, namespace, isWhole: known.isWhole})
    if ('service' in found) return {type: 'service', name: objectKey(found.service), service: found.service}
    if ('pod' in found) return {type: 'pod', name: objectKey(found.pod), ...found}
  } catch (error) {
    const policy = error instanceof InputError ? policyOf(asked, namespace, known) : undefined
    if (policy) return policy
    if (isSet(asked, known)) return {type: 'set', name: asked}
    if (!(error instanceof InputError)) throw error
    throw unknown(asked, error, known)
  }
  return setOf(asked, known)
}

function ofIpv6(address: string, {pods}: Knowledge): Subject {
  const pod = pods.find(({status}) => [status?.podIP, ...(status?.podIPs ?? []).map(({ip}) => ip)].includes(address))
  if (pod) return {type: 'pod', name: objectKey(pod), pod, choice: `${address} is an address of pod ${objectKey(pod)}`}
  throw new InputError(
    `${address} is an IPv6 address of no pod in the input, and Azure NPM filters IPv4 only`,
    'Give the IPv4 address of the same end, or the pod.',
  )
}

const SHORT = {namespace: 'ns', node: 'node'} as const

function among(type: 'namespace' | 'node', name: string, names: ReadonlySet<string>, known: Knowledge): Subject {
  if (names.has(name)) return {type, name}
  throw unknownName(known.isWhole?.(`${type}s`, undefined) === true, `${type} ${name} is not in the input`, [
    ...meant(
      `${SHORT[type]}/${name}`,
      [...names].map(each => `${SHORT[type]}/${each}`),
    ),
    `Check the name: kubectl get ${type}s`,
  ])
}

function namespacesOf({cluster, pods, ...known}: Knowledge): Set<string> {
  const names = new Set((cluster?.namespaces ?? []).map(({metadata}) => metadata.name))
  for (const {metadata} of [...pods, ...(cluster?.policies ?? [])]) names.add(metadata.namespace ?? 'default')
  for (const policy of programmed(known.nodes)) names.add(policy.slice(0, policy.indexOf('/')))
  return names
}

const nodesOf = ({cluster, nodes, failures}: Knowledge): Set<string> =>
  new Set([
    ...(cluster?.nodes ?? []).map(({metadata}) => metadata.name),
    ...nodes.map(({node}) => node),
    ...failures.map(({node}) => node),
  ])

function programmed(nodes: Knowledge['nodes']): Set<string> {
  return new Set(
    nodes.flatMap(node =>
      [...node.translation().policyOfChain.values()].flatMap(names => names.split('|')).filter(name => name.includes('/')),
    ),
  )
}

const policiesOf = ({cluster, nodes}: Knowledge): Set<string> =>
  new Set([...(cluster?.policies ?? []).map(objectKey), ...programmed(nodes)])

function policyOf(name: string, namespace: string | undefined, known: Knowledge): Subject | undefined {
  const wanted = namespace !== undefined && !name.includes('/') ? `${namespace}/${name}` : name
  const [first, ...others] = [...policiesOf(known)].filter(policy => isCalled(policy, wanted)).toSorted()
  if (first === undefined) return undefined
  if (others.length > 0)
    throw new InputError(
      `policy ${name} is in ${others.length + 1} namespaces`,
      `Say which one: -n NAMESPACE, or policy/${first}`,
    )
  return {type: 'policy', name: first}
}

function noPolicy(name: string, known: Knowledge): never {
  const policies = [...policiesOf(known)]
  const spelled = name.includes('/') ? policies : policies.map(policy => policy.slice(policy.indexOf('/') + 1))
  throw unknownName(known.isWhole?.('policies', undefined) === true, `policy ${name} is not in the input`, [
    ...meant(name, spelled),
    'See those that there are: kubectl npm policies',
  ])
}

const isSet = (asked: string, {nodes}: Knowledge): boolean => {
  const names = namesAskedFor(asked)
  return nodes.some(node => {
    const {kernelSets, names: index} = node.translation()
    return kernelSets.has(asked) || [...kernelSets].some(set => index.namesOf(set).some(({name}) => names.includes(name)))
  })
}

/** A set that may be in a part that was not given is described as far as it is known. */
function setOf(asked: string, {nodes}: Knowledge): Subject {
  const found = nodes.map(node => findSets(node, [asked]))
  if (found.some(({document, doubtful}) => document.items.length + doubtful.length > 0)) return {type: 'set', name: asked}
  throw unknownName(nodes.length > 0, `no node in the input has a set ${asked}`, [
    ...(found[0]?.missing[0]?.steps ?? []),
    'See those that there are: kubectl npm sets',
  ])
}

function unknown(asked: string, error: InputError, known: Knowledge): InputError {
  const kind = nodesOf(known).has(asked) ? 'node' : namespacesOf(known).has(asked) ? 'ns' : undefined
  if (kind)
    return unknownName(error instanceof NotFoundError, `"${asked}" is no pod, policy or set in the input`, [
      `Did you mean ${kind}/${asked}?`,
    ])
  if (error.steps.some(step => step.startsWith('Did you mean'))) return error
  const steps = meant(asked, policiesOf(known))
  if (!error.message.endsWith('is not in the input') && !error.message.endsWith('is no address and no pod')) return error
  const isWhole = error instanceof NotFoundError && known.isWhole?.('policies', undefined) === true
  return unknownName(isWhole, `"${asked}" is no pod, policy or set in the input`, [
    ...steps,
    'Give NAMESPACE/POD, deploy/NAME, svc/NAME, an IPv4 address, ns/NAME, node/NAME, policy/NAMESPACE/NAME or a set: app=web.',
  ])
}
