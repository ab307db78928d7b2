import type {NodeFacts} from '../../dataplane/node-facts.ts'
import {incompleteObjects} from '../../kubernetes/completeness.ts'
import {isPrivateAddress} from '../../net/address-ranges.ts'
import {type Ipv4Block, parseIpv4, parseIpv4Block} from '../../net/ipv4.ts'
import type {Truth} from '../../net/truth.ts'
import type {NodeSets} from '../../sets/node-set.ts'
import {balancerOf} from './ipvs.ts'
import type {Host} from './passing.ts'
import type {WalkedRules} from './walked-rules.ts'

const LOOPBACK = 0x7f000000

/**
 * What the cluster's objects and the rules tell of a node's own addresses: those of the Node object and of pods that use the
 * node's network. Of a node without a name, an address of any node may be its own, unless there is one node only. Where the
 * cluster's objects tell of no node, any private address may be its own that is no pod's.
 *
 * Where IPVS spreads services, their addresses are the node's own. An address for which INPUT has a rule may be the node's own, too: caches for DNS have addresses of their own on every node.
 */
export function hostOf(
  {node, cluster, sets}: Pick<NodeFacts, 'node' | 'cluster'> & Pick<NodeSets, 'sets'>,
  rules: WalkedRules,
): Host {
  const nodes = cluster?.nodes ?? []
  const [only] = nodes
  const name = node !== 'unknown' ? node : nodes.length === 1 ? only?.metadata.name : undefined
  const owners = ownersOf(cluster)
  const named = addressesOfInput(rules)
  // Few rules ask, and there are many pods.
  let pods: ReadonlySet<number> | undefined
  const isPod = (address: number): boolean => (pods ??= addressesOfPods(cluster)).has(address)
  const {owns, balances} = balancerOf(sets)
  const isOwnerKnown = name === undefined ? owners.size > 0 : new Set(owners.values()).has(name)
  const lacksNodes = cluster !== undefined && !isOwnerKnown && incompleteObjects(cluster).some(({kind}) => kind === 'nodes')
  return {
    isOwn(address): Truth {
      if ((address & 0xff000000) >>> 0 === LOOPBACK) return true
      const owner = owners.get(address)
      if (owner !== undefined) return name === undefined ? 'unknown' : owner === name
      if (owns(address)) return true
      return (named.has(address) || (lacksNodes && isPrivateAddress(address))) && !isPod(address) ? 'unknown' : false
    },
    isElsewhere(address) {
      const owner = owners.get(address)
      return owner === undefined ? isPod(address) : name !== undefined && owner !== name
    },
    networks: bridgedNetworks(rules),
    ...(balances && {balances}),
    address: internalAddress(nodes.find(({metadata}) => metadata.name === name)),
  }
}

/** The name of the node that has an address. */
function ownersOf(cluster: NodeFacts['cluster']): Map<number, string> {
  const owners = new Map<number, string>()
  const add = (text: string | undefined, owner: string | undefined) => {
    const address = text === undefined ? undefined : parseIpv4(text)
    if (address !== undefined && owner !== undefined) owners.set(address, owner)
  }
  for (const {spec, status} of cluster?.pods ?? []) {
    add(status?.hostIP, spec?.nodeName)
    if (spec?.hostNetwork === true) add(status?.podIP, spec.nodeName)
  }
  for (const {metadata, spec, status} of cluster?.nodes ?? []) {
    for (const {address} of status?.addresses ?? []) add(address, metadata.name)
    // With kubenet, the bridge of a node has the first address of its range. Nobody else has it.
    const range = parseIpv4Block(spec?.podCIDR ?? '')
    if (range && range.prefix < 31) owners.set(range.base + 1, metadata.name)
  }
  return owners
}

/** The addresses of pods that do not use their node's network. */
function addressesOfPods(cluster: NodeFacts['cluster']): Set<number> {
  const found = new Set<number>()
  for (const {spec, status} of cluster?.pods ?? []) {
    const address = spec?.hostNetwork === true || status?.podIP === undefined ? undefined : parseIpv4(status.podIP)
    if (address !== undefined) found.add(address)
  }
  return found
}

function internalAddress(node: NonNullable<NodeFacts['cluster']>['nodes'][number] | undefined): number | undefined {
  for (const {type, address} of node?.status?.addresses ?? []) {
    const found = type === 'InternalIP' ? parseIpv4(address) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * The networks of bridges for which a rule masquerades what leaves them another way: `-s 172.17.0.0/16 ! -o docker0 -j MASQUERADE`, as
 * Docker writes it for each of its networks.
 */
function bridgedNetworks(rules: WalkedRules): Map<string, Ipv4Block[]> {
  const found = new Map<string, Ipv4Block[]>()
  for (const {matches, target} of rules.chain('nat', 'POSTROUTING')?.rules ?? []) {
    const [source, out] = matches
    if (matches.length !== 2 || target?.kind !== 'extension' || target.name !== 'MASQUERADE') continue
    if (source?.kind !== 'address' || source.side !== 'src' || source.negated) continue
    if (out?.kind !== 'interface' || out.side !== 'out' || !out.negated) continue
    const block = parseIpv4Block(source.block)
    if (block) found.set(out.name, [...(found.get(out.name) ?? []), block])
  }
  return found
}

function addressesOfInput(rules: WalkedRules): Set<number> {
  const found = new Set<number>()
  for (const {matches} of rules.chain('filter', 'INPUT')?.rules ?? [])
    for (const match of matches) {
      const block = match.kind === 'address' && match.side === 'dst' && !match.negated ? parseIpv4Block(match.block) : undefined
      if (block?.prefix === 32) found.add(block.base)
    }
  return found
}
