import type {Completenesses} from '../dataplane/completeness.ts'
import type {DataPlane, NodeState, OtherRuleLists, PlatformDenial} from '../dataplane/dataplane.ts'
import type {NodeFacts} from '../dataplane/node-facts.ts'
import type {NodeCounters} from '../dataplane/rule-counters.ts'
import type {DescribedWalk} from '../dataplane/walk.ts'
import {incompleteObjects, objectsCompleteness, plainPart} from '../kubernetes/completeness.ts'
import {npmOnNode} from '../kubernetes/npm-pod.ts'
import {emptyCluster} from '../kubernetes/objects.ts'
import type {Packet} from '../net/packet.ts'
import type {PacketDomain, PacketSetWalk} from '../packets/packet-domain.ts'
import {oneService} from '../packets/services.ts'
import type {KnownRelease} from '../policy/known-release.ts'
import {ReadFacts} from '../read-facts.ts'
import type {SetIndex} from '../sets/set-index.ts'
import {countersOfSave} from './counters/node-counters.ts'
import {blocksInRules} from './iptables/address-blocks.ts'
import type {SavedChains} from './iptables/saved-chains.ts'
import {isNpmChain} from './npm/chain-names.ts'
import {hasAllRules, NpmChains} from './npm/chains.ts'
import type {LinuxDocuments} from './npm/documents.ts'
import {releaseOfRules} from './npm/node-options.ts'
import {describeWalk} from './translate/describe-walk.ts'
import {type LinuxTranslation, openLinuxTranslation} from './translate/linux-translation.ts'
import {type GivenSets, partOfSet, partsOfSets} from './walk/given-sets.ts'
import {hostOf} from './walk/host.ts'
import {lostNpmRules, lostRule, lostRules} from './walk/lost-parts.ts'
import {lostSets, withIncomplete} from './walk/lost-sets.ts'
import {savedRules, savedSets} from './walk/node-rules.ts'
import type {Host} from './walk/passing.ts'
import {keptFromPods} from './walk/platform-rules.ts'
import {provenTables} from './walk/proven-tables.ts'
import {type LinuxWalk, type WalkedRules, walk} from './walk/walk.ts'
import {SetWalker} from './walk/walk-sets.ts'

/** What walks need of a node; the same whatever the node is called and whatever is known of the cluster. */
export interface WalkedNode {
  readonly rules: WalkedRules
  readonly sets: SetIndex
}

const NO_RULES: WalkedRules = {
  chain(table, name) {
    const [lost] = lostRules(undefined)
    return table === 'filter' && lost ? {rules: [lostRule(table, name, 1, lost)]} : undefined
  },
}

class ReadNode implements WalkedNode {
  readonly rules: WalkedRules
  readonly sets: SetIndex

  constructor(documents: LinuxDocuments) {
    this.rules = documents.saved ? rulesOf(documents.saved, documents.savedBeside) : NO_RULES
    this.sets = savedSets(documents)
  }
}

/** The rules of a node, those of both back ends where both have some. */
function rulesOf(saved: SavedChains, beside: SavedChains | undefined): WalkedRules {
  const rules = savedRules(saved)
  if (!beside) return rules
  const [own, other] = saved.save.backend === 'legacy' ? (['legacy', 'nft'] as const) : (['nft', 'legacy'] as const)
  return {...rules, backend: own, beside: {...savedRules(beside), backend: other}}
}

/** A Linux node: rules of iptables and ipsets, opened once. */
export class LinuxNode extends ReadFacts implements NodeState {
  readonly dataPlane: DataPlane
  /** What was read. Only this data plane's own code looks at it. */
  readonly documents: LinuxDocuments
  readonly sets?: LinuxDocuments['sets'] & {}
  private translated: LinuxTranslation | undefined
  private walked: WalkedNode | undefined
  private given: GivenSets | undefined
  private knownHost: Host | undefined
  private knownRelease: KnownRelease | undefined
  private denials: readonly PlatformDenial[] | undefined

  /** @param walked of the same rules and sets, when they were walked before */
  constructor(dataPlane: DataPlane, documents: LinuxDocuments, walked?: WalkedNode) {
    super(documents)
    this.dataPlane = dataPlane
    this.documents = documents
    this.walked = walked
    if (documents.sets) this.sets = documents.sets
  }

  get completeness(): Completenesses {
    const {documents} = this
    const {saved, sets, hasMembers, cluster} = documents
    const given = () => this.givenSets
    return {
      rules: saved ? (hasAllRules(saved.save) ? 'whole' : 'cut') : 'absent',
      sets: sets ? 'whole' : 'absent',
      members: sets ? (hasMembers ? 'whole' : 'cut') : 'absent',
      objects: objectsCompleteness(cluster),
      get parts() {
        const objects = cluster ? incompleteObjects(cluster).map(plainPart) : []
        const rules = lostRules(saved?.save)
        const tables = provenTables(saved?.save).filter(({part}) => rules.every(each => each.part !== part))
        return [...rules, ...tables, ...lostSets(documents), ...objects]
      },
      get ofSets() {
        return partsOfSets(given())
      },
      get ofRuleLists() {
        return lostNpmRules(saved?.save)
      },
      ofSet: (name, mayBeList) => partOfSet(name, mayBeList, given()),
    }
  }

  /** What was given of sets, beside those that rules name. */
  private get givenSets(): GivenSets {
    this.given ??= {...this.documents, named: this.translation().usedSets}
    return this.given
  }

  get ruleLists(): readonly string[] {
    return new NpmChains(this.documents.saved).names
  }

  get otherRuleLists(): OtherRuleLists {
    const {saved, savedBeside} = this.documents
    const chainsOf = (of: SavedChains | undefined) =>
      [...(of?.save.tables.values() ?? [])].flatMap(({chains}) => [...chains.keys()])
    const beside = chainsOf(savedBeside)
    return {
      foreign: [...new Set([...chainsOf(saved), ...beside])].filter(name => !isNpmChain(name)),
      leftOver: beside.filter(isNpmChain),
    }
  }

  /** All rules of the node, for walks. */
  get rules(): WalkedRules {
    return this.opened().rules
  }

  /** What the input tells of the node's own addresses. */
  get host(): Host {
    this.knownHost ??= hostOf(this, this.rules)
    return this.knownHost
  }

  /** All sets of the node, for walks. */
  get setIndex(): SetIndex {
    return this.opened().sets
  }

  get platformDenials(): readonly PlatformDenial[] {
    this.denials ??= keptFromPods(this.rules).map(({address, port}) => ({address, services: oneService('tcp', port)}))
    return this.denials
  }

  ruleBlocks(): readonly string[] {
    return this.documents.saved ? blocksInRules(this.documents.saved.save) : []
  }

  release(): KnownRelease {
    this.knownRelease ??= this.findRelease()
    return this.knownRelease
  }

  private findRelease(): KnownRelease {
    const {documents, cluster, node} = this
    const told = npmOnNode(cluster?.pods ?? [], node)?.release
    if (told) return {name: told, from: 'image'}
    const chains = new NpmChains(documents.saved)
    // Without a save of sets the names in rules tell, all of which are read for a translation anyway.
    const usedSets = documents.sets ? new Map<string, unknown>() : this.translation().usedSets
    return releaseOfRules(cluster ?? emptyCluster(), documents, chains, usedSets)
  }

  counters(): NodeCounters {
    return countersOfSave(this.documents.saved?.save)
  }

  translation(): LinuxTranslation {
    this.translated ??= openLinuxTranslation(this.documents)
    return this.translated
  }

  walk(packet: Packet): LinuxWalk {
    const {rules, sets} = this.opened()
    return withIncomplete(walk(rules, sets, packet, {host: this.host}), this.documents)
  }

  walkSets(domain: PacketDomain, like?: PacketSetWalk): PacketSetWalk {
    const {rules, sets} = this.opened()
    return new SetWalker(rules, sets, domain, this.host, like instanceof SetWalker ? like : undefined)
  }

  describe(walk: LinuxWalk): DescribedWalk {
    return describeWalk(this.documents, walk)
  }

  with(facts: Partial<Pick<NodeFacts, 'node' | 'takenAt' | 'cluster'>>): LinuxNode {
    const {node = this.node, takenAt = this.takenAt, cluster = this.cluster} = facts
    // What was learned of the node is kept.
    if (node === this.node && takenAt === this.takenAt && cluster === this.cluster) return this
    const isSame = facts.cluster === undefined || !this.isIncomplete
    return new LinuxNode(this.dataPlane, {...this.documents, ...facts}, isSame ? this.walked : undefined)
  }

  /** Whether walks may look at the cluster: at which addresses are pods', and what a set should hold. */
  private get isIncomplete(): boolean {
    const {saved, sets} = this.documents
    return lostRules(saved?.save).length > 0 || [...(sets?.values() ?? [])].some(({cut}) => cut)
  }

  private opened(): WalkedNode {
    this.walked ??= new ReadNode(this.documents)
    return this.walked
  }
}
