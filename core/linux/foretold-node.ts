import type {Completenesses} from '../dataplane/completeness.ts'
import type {DataPlane} from '../dataplane/dataplane.ts'
import type {NodeFacts} from '../dataplane/node-facts.ts'
import {objectsCompleteness} from '../kubernetes/completeness.ts'
import type {Packet} from '../net/packet.ts'
import {Bits} from '../packets/bits.ts'
import type {PacketDomain, PacketSetWalk} from '../packets/packet-domain.ts'
import {forwardRules, programChains} from './compile/program-chains.ts'
import type {MatchSet} from './ipset/model.ts'
import {indexIptablesSave} from './iptables/save-index.ts'
import {SavedChains} from './iptables/saved-chains.ts'
import {LinuxNode, type WalkedNode} from './node-state.ts'
import {directionChains, FORWARD_CHAIN} from './npm/chain-names.ts'
import type {LinuxDocuments} from './npm/documents.ts'
import type {LinuxProgram} from './npm/program.ts'
import {numbered, programRules, programSets} from './walk/node-rules.ts'
import {RulesByAddress} from './walk/rules-by-address.ts'
import {type LinuxWalk, type WalkedRules, walk} from './walk/walk.ts'

/** The facts of a node of which nothing was read. */
const NO_FACTS = {node: 'unknown', metricNames: [], problems: []} as const

/**
 * A Linux node as Azure NPM would program it: the rules and sets of a compiled program. Walks use the program itself. Its text,
 * which a translation reads, is printed when somebody asks for it.
 */
export class ForetoldNode extends LinuxNode {
  private readonly program: LinuxProgram
  private readonly facts: Partial<NodeFacts>
  private readonly walkedProgram: WalkedNode
  private byAddress: RulesByAddress | undefined

  /** @param walked of the same program, when it was walked before */
  constructor(dataPlane: DataPlane, program: LinuxProgram, facts: Partial<NodeFacts>, walked = walkedProgram(program)) {
    super(dataPlane, documentsOf(program, facts), walked)
    this.program = program
    this.facts = facts
    this.walkedProgram = walked
  }

  override get completeness(): Completenesses {
    const {leftOut} = this.program
    return {
      rules: leftOut.length > 0 ? 'cut' : 'whole',
      sets: 'whole',
      members: 'whole',
      objects: objectsCompleteness(this.cluster),
      parts: leftOut.map(({policy}) => ({
        part: `policy ${policy}`,
        state: 'absent',
        reason: 'it has too many rules to be compiled here',
        next: 'Its peers, values and ports multiply: select the peers by one common label, or the ports by ranges.',
      })),
      ofSets: [],
      ofRuleLists: [],
      ofSet: () => undefined,
    }
  }

  override walk(packet: Packet): LinuxWalk {
    const {rules, sets} = this.walkedProgram
    const {leftOut, options} = this.program
    const [policy] = leftOut
    // The rules of all policies of NPM v1 share chains, so nothing in them tells whom one that is left out concerns.
    if (policy && options.generation === 'v1')
      return {verdict: 'unknown', trail: [], looks: 0, reason: `policy ${policy.policy} has too many rules to be compiled here`}
    this.byAddress ??= new RulesByAddress({get: name => rules.chain('filter', name)?.rules}, sets)
    const {byAddress} = this
    const met: WalkedRules = {
      chain(table, name) {
        const chain = rules.chain(table, name)
        return chain && {...chain, rules: byAddress.rules(name, packet) ?? chain.rules}
      },
    }
    return walk(met, sets, packet, {host: this.host})
  }

  override walkSets(domain: PacketDomain, like?: PacketSetWalk): PacketSetWalk {
    const {leftOut, options} = this.program
    if (leftOut.length === 0 || options.generation !== 'v1') return super.walkSets(domain, like)
    const senders = Bits.below(domain.senders.length)
    return {judge: () => domain.services.map(range => ({...range, senders, verdict: 'unknown'}))}
  }

  /** Azure NPM names blocks by sets only. */
  override ruleBlocks(): readonly string[] {
    return []
  }

  override with(facts: Partial<NodeFacts>): ForetoldNode {
    return new ForetoldNode(this.dataPlane, this.program, {...this.facts, ...facts}, this.walkedProgram)
  }
}

const walkedProgram = (program: LinuxProgram): WalkedNode => ({
  rules: programRules(withLeftOut(program)),
  sets: programSets(program),
})

/**
 * A program with the jumps to the chains of policies that are left out. The chains do not exist, so a packet that gets as far
 * is unknown. The jumps come behind those of all other policies: what another policy allows for good stays allowed.
 */
function withLeftOut(program: LinuxProgram): LinuxProgram {
  if (program.leftOut.length === 0) return program
  const jumps = program.leftOut.flatMap(({chains}) => chains.map(({jump}) => jump))
  const baseChains = new Map(program.baseChains)
  for (const name of Object.values(directionChains)) {
    const own = jumps.filter(({chain}) => chain === name)
    const rules = baseChains.get(name)
    if (own.length === 0 || !rules) continue
    const lastJump = rules.findLastIndex(({policy}) => policy !== undefined)
    baseChains.set(name, rules.toSpliced(lastJump + 1, 0, ...own))
  }
  return {...program, baseChains}
}

function documentsOf(program: LinuxProgram, facts: Partial<NodeFacts>): LinuxDocuments {
  let saved: SavedChains | undefined
  return {
    ...NO_FACTS,
    ...facts,
    isForetold: true,
    sets: setsOf(program),
    hasMembers: true,
    get saved() {
      saved ??= new SavedChains({...indexIptablesSave([...savePieces(program)]), hasAllTables: true})
      return saved
    },
  }
}

function setsOf({sets}: LinuxProgram): Map<string, MatchSet> {
  const NO_MATCH = ' nomatch'
  return new Map(
    [...sets.values()].map(({kernelName, ipsetType, members}) => {
      const read = members.map(member => {
        const nomatch = member.endsWith(NO_MATCH)
        return {entry: nomatch ? member.slice(0, -NO_MATCH.length) : member, nomatch, line: 0}
      })
      return [kernelName, {name: kernelName, type: ipsetType, header: new Map(), members: read, line: 0}]
    }),
  )
}

/** The program as iptables-save would print it, a chain at a time. */
function* savePieces(program: LinuxProgram): Generator<string> {
  const chains = programChains(program)
  yield `*filter\n:${FORWARD_CHAIN} ACCEPT [0:0]\n`
  for (const chain of chains.keys()) yield `:${chain} - [0:0]\n`
  for (const rules of [forwardRules(program), ...chains.values()]) {
    const lines = numbered(rules).map(({source}) => source)
    if (lines.length > 0) yield `${lines.join('\n')}\n`
  }
  yield 'COMMIT\n'
}
