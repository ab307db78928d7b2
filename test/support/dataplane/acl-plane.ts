import type {Cause} from '../../../core/dataplane/cause.ts'
import type {DataPlane, NodeState} from '../../../core/dataplane/dataplane.ts'
import type {Difference} from '../../../core/dataplane/difference.ts'
import type {NodeFacts} from '../../../core/dataplane/node-facts.ts'
import type {NodeTranslation} from '../../../core/dataplane/node-translation.ts'
import type {NodeCounters} from '../../../core/dataplane/rule-counters.ts'
import type {SimulatedNode} from '../../../core/dataplane/simulation.ts'
import type {Walk} from '../../../core/dataplane/walk.ts'
import {linux} from '../../../core/dataplanes.ts'
import {setKernelName} from '../../../core/names/kernel-name.ts'
import {NameIndex} from '../../../core/names/name-index.ts'
import {parseIpv4, printIpv4} from '../../../core/net/ipv4.ts'
import type {Packet, Verdict} from '../../../core/net/packet.ts'
import {Bits} from '../../../core/packets/bits.ts'
import type {PacketDomain, PacketSetWalk} from '../../../core/packets/packet-domain.ts'
import {serviceAt} from '../../../core/packets/services.ts'
import type {Program, ProgramSet} from '../../../core/policy/program.ts'
import type {NodeSet} from '../../../core/sets/node-set.ts'
import {SetIndex} from '../../../core/sets/set-index.ts'
import {packetFrom, sidesOf} from '../../../core/sets/sides.ts'
import {uncountedRules} from '../../../core/windows/npm/rule-counters.ts'

/**
 * A data plane of another shape than Linux's, small enough to be read at once: rules are ACLs of endpoints with a priority, of
 * which the lowest that matches decides, and there are no chains, no marks and no jumps. It shows that verbs know nothing of
 * iptables. What its program is for any policies is not its matter: the test says what it is.
 */
export interface Acl {
  readonly id: string
  readonly endpoint: string
  readonly priority: number
  readonly action: 'Allow' | 'Block'
  /** Sets by kernel name: of the receiver, and of the sender; absent for any sender. */
  readonly local: string
  readonly remote?: string
  readonly port?: number
  readonly policy: string
}

export interface AclProgram extends Program {
  readonly acls: readonly Acl[]
}

type AclDifference = Difference<Acl>

const matches = (acl: Acl, packet: Packet, index: SetIndex): boolean => {
  const isIn = (set: string, address: string) => index.holds(set, sidesOf('src'), packetFrom(parseIpv4(address) ?? 0)) === true
  return (
    isIn(acl.local, packet.destination) &&
    (acl.remote === undefined || isIn(acl.remote, packet.source)) &&
    (acl.port === undefined || (packet.protocol === 'tcp' && acl.port === packet.port))
  )
}

const byPriority = (acls: readonly Acl[]): Acl[] => acls.toSorted((a, b) => a.priority - b.priority)
const verdictOf = (acl: Acl | undefined): Verdict => (acl?.action === 'Block' ? 'drop' : 'accept')
const wordsOf = ({action, remote, port}: Acl): string =>
  `${action} ${remote ?? 'anybody'}${port === undefined ? '' : ` at ${port}`}`

interface AclWalk extends Walk {
  readonly trail: readonly Acl[]
}

class AclNode implements NodeState {
  readonly dataPlane = aclPlane
  release = () => ({name: 'unknown', from: 'unknown'}) as const
  readonly otherRuleLists = {foreign: [], leftOver: []}
  readonly completeness = {
    rules: 'whole',
    sets: 'whole',
    members: 'whole',
    objects: 'whole',
    parts: [],
    ofSets: [],
    ofRuleLists: [],
    ofSet: () => undefined,
  } as const
  readonly hasMembers = true
  readonly node: string
  readonly metricNames: NodeFacts['metricNames']
  readonly problems: NodeFacts['problems']
  readonly cluster?: NonNullable<NodeFacts['cluster']>
  readonly sets: ReadonlyMap<string, NodeSet>
  readonly acls: readonly Acl[]
  private readonly facts: NodeFacts
  private readonly index: SetIndex

  constructor(facts: NodeFacts, sets: ReadonlyMap<string, NodeSet>, acls: readonly Acl[]) {
    this.facts = facts
    this.node = facts.node
    this.metricNames = facts.metricNames
    this.problems = facts.problems
    if (facts.cluster) this.cluster = facts.cluster
    this.sets = sets
    this.acls = byPriority(acls)
    this.index = new SetIndex(
      new Map([...sets].map(([name, {type, members}]) => [name, {type, members: members.map(({entry}) => entry)}])),
    )
  }

  get ruleLists(): string[] {
    return [...new Set(this.acls.map(({endpoint}) => endpoint))]
  }

  ruleBlocks(): string[] {
    return []
  }

  counters(): NodeCounters {
    return uncountedRules([])
  }

  walk(packet: Packet): AclWalk {
    const decides = this.acls.find(acl => matches(acl, packet, this.index))
    return {verdict: verdictOf(decides), trail: decides ? [decides] : []}
  }

  walkSets({senders, receivers, services}: PacketDomain): PacketSetWalk {
    return {
      judge: receiver =>
        senders.flatMap((source, sender) =>
          services.map(range => {
            const {protocol, port} = serviceAt(range.from)
            const packet = {
              source: printIpv4(source),
              destination: printIpv4(receivers[receiver] as number),
              protocol: protocol as Packet['protocol'],
              ...(port !== undefined && {port}),
            }
            return {...range, senders: Bits.of([sender]), verdict: this.walk(packet).verdict}
          }),
        ),
    }
  }

  describe({trail, verdict}: AclWalk) {
    const [acl] = trail
    const told = acl && {policy: acl.policy, rule: wordsOf(acl)}
    const where = (each: Acl) => ({endpoint: each.endpoint, acl: each.id, priority: each.priority})
    return {
      trail: trail.map(each => ({node: this.node, where: where(each), depth: 0, text: wordsOf(each), policy: each.policy})),
      ingress: told ? {verdict: verdict as 'accept' | 'drop', ...told} : {verdict: 'not-judged' as const},
      egress: {verdict: 'not-judged' as const},
      reason: acl ? `ACL ${acl.id} on node ${this.node} decides` : `no ACL on node ${this.node} matches it`,
      problems: [],
    }
  }

  translation(): NodeTranslation {
    const names = new NameIndex()
    const acls = this.acls
    for (const set of this.sets.values()) for (const name of SET_NAMES) names.learn(set.name, name, 'cluster', 'v2')
    const policies = [...new Set(acls.map(({policy}) => policy))]
    return {
      facts: {
        apiVersion: 'kubectl-npm/v1',
        kind: 'Translation',
        node: this.node,
        backend: 'hns',
        nameScheme: 'sha256',
        generation: 'v2',
        active: true,
        jump: null,
        baseChains: [],
        staleChains: [],
        incomplete: [],
        unresolved: [],
        problems: [],
      },
      names,
      kernelSets: new Set(this.sets.keys()),
      policyOfChain: new Map(acls.map(({endpoint, policy}) => [endpoint, policy])),
      hasRuleList: name => this.ruleLists.includes(name),
      *policies(wants = () => true) {
        for (const policy of policies) {
          const own = acls.filter(acl => acl.policy === policy)
          const head = {policy, direction: 'Ingress', chain: (own[0] as Acl).endpoint} as const
          if (wants(head))
            yield {
              ...head,
              enforced: true,
              appliesTo: [],
              subject: 'its endpoint',
              packets: null,
              bytes: null,
              rules: own.map(acl => ({
                where: {endpoint: acl.endpoint, acl: acl.id, priority: acl.priority},
                action: acl.action === 'Allow' ? ('allow' as const) : ('drop' as const),
                protocol: acl.port === undefined ? null : 'tcp',
                port: acl.port ?? null,
                endPort: null,
                sources: [],
                destinations: [],
                packets: null,
                bytes: null,
                text: wordsOf(acl),
                source: JSON.stringify(acl),
              })),
            }
        }
      },
      sets: () => [],
      savedText: () => acls.map(acl => JSON.stringify(acl)),
    }
  }

  with(facts: Partial<NodeFacts>): AclNode {
    return new AclNode({...this.facts, ...facts}, this.sets, this.acls)
  }
}

/** The names of the sets of this data plane's one program. */
const SET_NAMES = ['podlabel-app:web', 'podlabel-app:db', 'ns-shop']
export const kernelName = (name: string): string => setKernelName(name, 'sha256')

class Simulated implements SimulatedNode<Acl, AclDifference> {
  readonly sets: Map<string, {readonly type: string; readonly members: readonly string[]}>
  readonly index: SetIndex
  private readonly acls: readonly Acl[]

  constructor(sets: Simulated['sets'], acls: readonly Acl[]) {
    this.sets = sets
    this.acls = byPriority(acls)
    this.index = new SetIndex(sets)
  }

  listsOf(): string[] {
    return []
  }

  rules(): readonly Acl[] {
    return this.acls
  }

  ruleLists(): readonly (readonly Acl[])[] {
    return [this.acls]
  }

  readonly looks = 0

  conditions({local, remote, port}: Acl) {
    const condition = (set: string, side: 'src' | 'dst') => ({set, side, negated: false, hasPort: false})
    return {
      sets: [condition(local, 'dst'), ...(remote === undefined ? [] : [condition(remote, 'src')])],
      blocks: [],
      ports: port === undefined ? [] : [{protocol: 'tcp', range: {from: port, to: port}}],
      isOfPolicy: true,
    }
  }

  leader(): undefined {
    return undefined
  }

  behind(): Acl[] {
    return []
  }

  walk(packet: Packet): Verdict {
    return verdictOf(this.acls.find(acl => matches(acl, packet, this.index)))
  }

  scopeOf(difference: AclDifference) {
    if (difference.kind === 'member')
      return {set: difference.set.kernelName, addresses: [(difference.wanted ?? difference.found)?.text ?? '']}
    const rule = difference.kind === 'rule' ? (difference.wanted ?? difference.found)?.rule : undefined
    return {rules: rule ? [rule] : []}
  }

  foreignConditions(): [] {
    return []
  }

  incompleteFor(): [] {
    return []
  }

  foreignCauses(): [] {
    return []
  }

  repaired(causes: readonly Cause[]): Simulated {
    const differences = causes.flatMap(cause => cause.differences as readonly AclDifference[])
    const sets = new Map(this.sets)
    let acls = this.acls
    for (const each of differences)
      if (each.kind === 'member') {
        const {set, wanted, found} = each
        const left = (sets.get(set.kernelName)?.members ?? []).filter(member => member !== found?.text)
        sets.set(set.kernelName, {type: 'hash:net', members: wanted ? [...left, wanted.text] : left})
      } else if (each.kind === 'rule') {
        const left = acls.filter(({id}) => id !== each.found?.rule.id)
        acls = each.wanted ? [...left, each.wanted.rule] : left
      }
    return new Simulated(sets, acls)
  }
}

let program: AclProgram | undefined

/** Sets the program that the policies ask for. */
export function setProgram(sets: readonly ProgramSet[], acls: readonly Acl[]): AclProgram {
  const policies = [...new Set(acls.map(({policy}) => policy))].map(policy => ({policy, sets: sets.map(set => set.kernelName)}))
  const byName = new Map(sets.map(set => [set.kernelName, set]))
  program = {options: {scheme: 'sha256', semantics: 'npm'}, sets: byName, policies, leftOut: [], refusals: [], acls}
  return program
}

const aclPlane: DataPlane = {
  name: 'windows',
  documentKinds: new Set(),
  // Which policies are refused is asked of it only to explain a disagreement.
  policyCompiler: linux.policyCompiler,
  policyChains: linux.policyChains,
  writing() {
    throw new Error('its nodes are never written to')
  },
  parse() {
    throw new Error('its nodes are made, not read')
  },
  open: facts => new AclNode(facts, new Map(), []),
  foretell: ({acls}: AclProgram, facts) =>
    new AclNode({node: 'unknown', metricNames: [], problems: [], ...facts}, new Map(), acls),
  redaction() {
    throw new Error('nothing of it is redacted')
  },
  expectedProgram() {
    if (!program) throw new Error('no program was set')
    return {program, notes: []}
  },
  compare({sets, acls}: AclProgram, node: AclNode) {
    const differences: AclDifference[] = []
    for (const {name, kernelName: kernel, members} of sets.values()) {
      const found = new Set(node.sets.get(kernel)?.members.map(({entry}) => entry))
      const common = {kind: 'member', set: {name, kernelName: kernel}, type: 'hash:net'} as const
      for (const text of members) if (!found.delete(text)) differences.push({...common, wanted: {text}})
      for (const text of found) differences.push({...common, found: {text}})
    }
    const placed = (rule: Acl) => ({rule, position: rule.priority})
    const common = ({endpoint, policy}: Acl) => ({kind: 'rule', chain: endpoint, policy}) as const
    for (const acl of acls) if (!node.acls.some(({id}) => id === acl.id)) differences.push({...common(acl), wanted: placed(acl)})
    for (const acl of node.acls) if (!acls.some(({id}) => id === acl.id)) differences.push({...common(acl), found: placed(acl)})
    return {differences, notes: [], notCompared: []}
  },
  describe(difference: AclDifference) {
    if (difference.kind === 'member') {
      const {set, wanted, found} = difference
      return {
        kind: 'member',
        change: wanted ? 'missing' : 'extra',
        ...set,
        ...(wanted && {expected: wanted.text}),
        ...(found && {found: found.text}),
      }
    }
    if (difference.kind !== 'rule') throw new Error('it has no other differences')
    const {chain: name, policy, wanted, found} = difference
    return {
      kind: 'acl',
      change: wanted ? 'missing' : 'extra',
      name,
      ...(policy !== undefined && {policy}),
      ...(wanted && {expected: wordsOf(wanted.rule)}),
      ...(found && {found: wordsOf(found.rule)}),
    }
  },
  ruleCauses: (differences: readonly AclDifference[]) =>
    differences.map(each => {
      const policy = 'policy' in each ? each.policy : undefined
      const text = `an ACL of policy ${policy} is ${'wanted' in each && each.wanted ? 'missing' : 'not asked for'}`
      return {kind: 'policyChanged' as const, text, ...(policy !== undefined && {policy}), differences: [each]}
    }),
  simulate: (node: AclNode) =>
    new Simulated(
      new Map([...node.sets].map(([name, {type, members}]) => [name, {type, members: members.map(({entry}) => entry)}])),
      node.acls,
    ),
}

/** A node with these sets, by readable name, and these ACLs. */
export function aclNode(
  facts: Omit<NodeFacts, 'metricNames' | 'problems'>,
  sets: Readonly<Record<string, readonly string[]>>,
  acls: readonly Acl[],
) {
  const nodeSets = Object.entries(sets).map(([name, members]): [string, NodeSet] => [
    kernelName(name),
    {
      name: kernelName(name),
      type: 'hash:net',
      members: members.map((entry, at) => ({entry, nomatch: false, line: at + 1})),
      line: 1,
      header: new Map(),
    },
  ])
  return new AclNode({...facts, metricNames: [], problems: []}, new Map(nodeSets), acls)
}
