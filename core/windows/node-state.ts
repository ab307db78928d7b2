import type {Completenesses} from '../dataplane/completeness.ts'
import type {DataPlane, NodeState, OtherRuleLists, PlatformDenial} from '../dataplane/dataplane.ts'
import type {NodeFacts} from '../dataplane/node-facts.ts'
import type {NodeCounters} from '../dataplane/rule-counters.ts'
import type {DescribedWalk, Walk} from '../dataplane/walk.ts'
import {incompleteObjects, objectsCompleteness, plainPart} from '../kubernetes/completeness.ts'
import {npmOnNode} from '../kubernetes/npm-pod.ts'
import {parseIpv4Block} from '../net/ipv4.ts'
import type {Packet} from '../net/packet.ts'
import type {PacketDomain, PacketSetWalk} from '../packets/packet-domain.ts'
import {oneService} from '../packets/services.ts'
import {type KnownRelease, releasesOfShape, UNKNOWN_RELEASE} from '../policy/known-release.ts'
import {WIRE_SERVER} from '../policy/platform-services.ts'
import {ReadFacts} from '../read-facts.ts'
import type {HnsEndpoint} from './hns/model.ts'
import {isNpmAclId} from './npm/acl-id.ts'
import type {WindowsDocuments} from './npm/documents.ts'
import {uncountedRules} from './npm/rule-counters.ts'
import {isOfWireServer} from './npm/wire-server.ts'
import {endpointName} from './translate/describe-acl.ts'
import {describeWalk} from './translate/describe-walk.ts'
import {openWindowsTranslation, type WindowsTranslation} from './translate/windows-translation.ts'
import {NodeEndpoints} from './walk/node-endpoints.ts'
import {SetLookup} from './walk/set-lookup.ts'
import {type WalkedNode, type WindowsWalk, walk} from './walk/walk.ts'
import {WindowsSetWalker} from './walk/walk-sets.ts'

/** A Windows node: sets of HNS networks, and ACLs of endpoints, opened once. */
export class WindowsNode extends ReadFacts implements NodeState {
  readonly dataPlane: DataPlane
  /** What was read. Only this data plane's own code looks at it. */
  readonly documents: WindowsDocuments
  readonly sets?: WindowsDocuments['sets'] & {}
  /** Azure NPM looks at the pods of its own node only: what others send and receive is judged on theirs. */
  readonly judges = (address: string): boolean => {
    const {endpoints, lost} = this.walkedNode.endpoints.at(address)
    return endpoints.length > 0 || lost !== undefined
  }
  private translated: WindowsTranslation | undefined
  private walked: WalkedNode | undefined
  private hasWireServer: boolean | undefined
  private uncounted: NodeCounters | undefined

  constructor(dataPlane: DataPlane, documents: WindowsDocuments) {
    super(documents)
    this.dataPlane = dataPlane
    this.documents = documents
    if (documents.sets) this.sets = documents.sets
  }

  get completeness(): Completenesses {
    const {endpoints, policies, cluster, lost} = this.documents
    const ofSets = lost.filter(({part}) => part === 'sets')
    const ofRuleLists = lost.filter(({part}) => part !== 'sets')
    return {
      rules: endpoints ? (ofRuleLists.length > 0 ? 'cut' : 'whole') : 'absent',
      sets: policies ? 'whole' : 'absent',
      members: policies ? 'whole' : 'absent',
      objects: objectsCompleteness(cluster),
      parts: [...lost, ...(cluster ? incompleteObjects(cluster).map(plainPart) : [])],
      ofSets,
      ofRuleLists,
      ofSet: name => (policies?.has(name) ? undefined : ofSets[0]),
    }
  }

  get ruleLists(): readonly string[] {
    return this.walkedNode.endpoints.all.filter(({acls}) => acls.some(({id}) => isNpmAclId(id))).map(endpointName)
  }

  get otherRuleLists(): OtherRuleLists {
    return {foreign: [], leftOver: []}
  }

  /** The endpoints that Azure NPM looks at. Only this data plane's own code does. */
  get endpoints(): readonly HnsEndpoint[] {
    return this.walkedNode.endpoints.all
  }

  rulesAt(address: string): string {
    return this.walkedNode.endpoints.likeness(address)
  }

  get judgedAddresses(): readonly string[] {
    return this.walkedNode.endpoints.all.flatMap(({address}) => address ?? [])
  }

  get platformDenials(): readonly PlatformDenial[] {
    this.hasWireServer ??= this.walkedNode.endpoints.all.some(({acls}) => acls.some(isOfWireServer))
    return this.hasWireServer ? [{address: WIRE_SERVER.address, services: oneService('tcp', WIRE_SERVER.port)}] : []
  }

  ruleBlocks(): readonly string[] {
    const texts = this.walkedNode.endpoints.all.flatMap(({acls}) =>
      acls.flatMap(({localAddresses = '', remoteAddresses = ''}) => [
        ...localAddresses.split(','),
        ...remoteAddresses.split(','),
      ]),
    )
    return [...new Set(texts.map(text => text.trim()))].filter(text => parseIpv4Block(text) !== undefined)
  }

  release(): KnownRelease {
    const told = npmOnNode(this.cluster?.pods ?? [], this.node)?.release
    if (told) return {name: told, from: 'image'}
    const {nameScheme} = this.translation().facts
    return nameScheme === 'sha256' ? releasesOfShape({scheme: nameScheme, generation: 'v2', lines: []}) : UNKNOWN_RELEASE
  }

  counters(): NodeCounters {
    return (this.uncounted ??= uncountedRules(this.endpoints))
  }

  translation(): WindowsTranslation {
    this.translated ??= openWindowsTranslation(this.documents, this.walkedNode.endpoints.all)
    return this.translated
  }

  walk(packet: Packet): WindowsWalk {
    return walk(this.walkedNode, packet, this.documents)
  }

  walkSets(domain: PacketDomain): PacketSetWalk {
    return new WindowsSetWalker(this.walkedNode, domain)
  }

  describe(walked: Walk): DescribedWalk {
    return describeWalk(walked as WindowsWalk, this.documents, this.walkedNode.endpoints, this.translation())
  }

  with(facts: Partial<Pick<NodeFacts, 'node' | 'takenAt' | 'cluster'>>): WindowsNode {
    const {node = this.node, takenAt = this.takenAt, cluster = this.cluster} = facts
    if (node === this.node && takenAt === this.takenAt && cluster === this.cluster) return this
    return new WindowsNode(this.dataPlane, {...this.documents, ...facts})
  }

  private get walkedNode(): WalkedNode {
    this.walked ??= {endpoints: new NodeEndpoints(this.documents), sets: new SetLookup(this.documents.policies)}
    return this.walked
  }
}
