import type {Walk} from '../../dataplane/dataplane.ts'
import type {NodeFacts} from '../../dataplane/node-facts.ts'
import type {Packet} from '../../net/packet.ts'

/**
 * Recognizes traffic of the node itself. It passes INPUT or OUTPUT instead of FORWARD, so Azure NPM does not judge it. These
 * hooks are not walked.
 *
 * @returns a walk with the verdict `unknown` and the reason; undefined if neither end is known to be the node
 */
export function walkOwnTraffic(
  {source, destination}: Packet,
  {node, cluster}: Pick<NodeFacts, 'node' | 'cluster'>,
): Walk | undefined {
  const owner = (address: string) => {
    const host = cluster?.nodes.find(({status}) => status?.addresses?.some(each => each.address === address))
    return (
      host?.metadata.name ??
      cluster?.pods.find(({spec, status}) => spec?.hostNetwork === true && status?.podIP === address)?.spec?.nodeName
    )
  }
  const isOwn = (address: string) => {
    const name = owner(address)
    // A dump without a node name may be from this node.
    return name !== undefined && (name === node || node === 'unknown')
  }
  for (const [address, hook] of [
    [destination, 'INPUT'],
    [source, 'OUTPUT'],
  ] as const)
    if (isOwn(address)) {
      const whose = node === 'unknown' ? 'a node, perhaps this one' : `node ${node} itself`
      const reason = `${address} is ${whose}: such packets go through ${hook}, not FORWARD, and Azure NPM does not judge them there`
      return {verdict: 'unknown', trail: [], reason}
    }
  return undefined
}
