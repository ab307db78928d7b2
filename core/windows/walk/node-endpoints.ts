import {policyIp} from '../../kubernetes/pod-filter.ts'
import type {HnsEndpoint} from '../hns/model.ts'
import {aclSettings} from '../hns/print.ts'
import type {WindowsDocuments} from '../npm/documents.ts'
import {type AclDirection, type RuleList, rulesOf} from './endpoint-rules.ts'

/** The endpoints of an address on a node. */
export interface EndpointsAt {
  /** Several where the documents do not tell which of them a pod is attached to. */
  readonly endpoints: readonly HnsEndpoint[]
  /** Why there may be one that is not known. */
  readonly lost?: string
}

/** Finds the endpoints of a node by address, and keeps their rules ready. */
export class NodeEndpoints {
  private readonly documents: WindowsDocuments
  private readonly byAddress = new Map<string, HnsEndpoint[]>()
  private readonly lists = new Map<HnsEndpoint, Partial<Record<AclDirection, RuleList>>>()
  /** A number for each list of rules, and of each address the numbers of its endpoints' lists. */
  private readonly numbers = new Map<string, number>()
  private readonly likenesses = new Map<string, string>()
  private podsHere: ReadonlyMap<string, string> | undefined

  constructor(documents: WindowsDocuments) {
    this.documents = documents
    for (const endpoint of documents.endpoints ?? []) {
      const {address, isAttached, isRemote} = endpoint
      if (address === undefined || isRemote || isAttached === false) continue
      const others = this.byAddress.get(address)
      // One that is known to be attached counts before those of which nothing is known.
      if (!others || (isAttached && others.every(each => !each.isAttached))) this.byAddress.set(address, [endpoint])
      else if (isAttached === others[0]?.isAttached) others.push(endpoint)
    }
  }

  get all(): readonly HnsEndpoint[] {
    return [...this.byAddress.values()].flat()
  }

  at(address: string): EndpointsAt {
    const endpoints = this.byAddress.get(address)
    if (endpoints) return {endpoints}
    const [lost] = this.documents.lost.filter(({part}) => part === 'endpoints')
    if (lost) return {endpoints: [], lost: lost.reason}
    const pod = this.podAt(address)
    return pod === undefined
      ? {endpoints: []}
      : {endpoints: [], lost: `pod ${pod} runs on this node, and no endpoint in the input has its address ${address}`}
  }

  rules(endpoint: HnsEndpoint, direction: AclDirection): RuleList {
    const known = this.lists.get(endpoint)
    const list = known?.[direction] ?? rulesOf(endpoint, direction)
    this.lists.set(endpoint, {...known, [direction]: list})
    return list
  }

  /** A text that is equal for addresses whose endpoints have equal rules. */
  likeness(address: string): string {
    let known = this.likenesses.get(address)
    if (known === undefined) {
      const {endpoints, lost} = this.at(address)
      const lists = endpoints.map(({acls}) => acls.map(acl => JSON.stringify(aclSettings(acl))).join(' '))
      known = lost === undefined ? lists.map(list => this.numberOf(list)).join() : 'lost'
      this.likenesses.set(address, known)
    }
    return known
  }

  private numberOf(list: string): number {
    const known = this.numbers.get(list)
    if (known !== undefined) return known
    this.numbers.set(list, this.numbers.size)
    return this.numbers.size - 1
  }

  /** The pod of this node with an address, by the objects of the cluster. */
  private podAt(address: string): string | undefined {
    const {cluster, node} = this.documents
    this.podsHere ??= new Map(
      (cluster?.pods ?? []).flatMap(pod => {
        const ip = pod.spec?.nodeName === node ? policyIp(pod) : undefined
        return ip === undefined ? [] : [[ip, `${pod.metadata.namespace ?? 'default'}/${pod.metadata.name}`]]
      }),
    )
    return this.podsHere.get(address)
  }
}
