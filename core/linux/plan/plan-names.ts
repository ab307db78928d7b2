import type {PlannedOperation, PlannedStep} from '../../dataplane/plan.ts'
import type {LinuxNode} from '../node-state.ts'
import {FORWARD_CHAIN} from '../npm/chain-names.ts'
import type {Edit} from './chain-edits.ts'
import {printRuleLine, printSetLine} from './line.ts'
import {type Backend, isTwin, type LinuxPart, TWIN_PREFIX} from './part.ts'
import type {SetEdit} from './set-edits.ts'

/** Why a step comes where it does. */
export type Why = Pick<PlannedStep, 'why' | 'isUnseen'>

const seen = (why: string): Why => ({why})
const unseen = (why: string): Why => ({why, isUnseen: true})

export const WHYS = {
  filled: unseen('no rule looks at these sets yet, so no packet is judged otherwise while they are filled'),
  left: unseen('no rule looks at these sets any more'),
  notMet: unseen('no packet comes to these rules, neither before nor behind it'),
  oneLine: seen('it is one change: before it the node judges as it did, after it as it should'),
  allRules: seen('all rules change in one moment: before it the node judges as it did, after it as it should'),
  backendByBackend: seen(
    'all rules of a back end change in one moment; those of the other one change in another, for no tool changes both',
  ),
  walked: seen(
    'in this order no packet that is allowed before and behind is dropped on the way, and none passes that is denied: all packets from and to the addresses that change were walked',
  ),
  copied: unseen('no rule looks at these sets now: the rules look at their copies'),
  same: unseen('the sets hold what their copies hold, so no packet is judged otherwise'),
} satisfies Readonly<Record<string, Why>>

/** Says what the lines of a plan are about. What a node knows of names is asked for when a line is printed. */
export class PlanNames {
  private readonly node: LinuxNode
  private readonly found: LinuxPart
  private readonly wanted: LinuxPart
  private readonly taken: Set<string>
  private readonly twinOf = new Map<string, string>()
  private readonly known = new Map<string, string>()
  private readonly policies = new Map<string, string>()

  constructor(node: LinuxNode, found: LinuxPart, wanted: LinuxPart) {
    this.node = node
    this.found = found
    this.wanted = wanted
    this.taken = new Set([...found.sets.keys(), ...(node.sets?.keys() ?? [])])
    for (const {chains} of Object.values(wanted.tables))
      for (const [chain, rules] of chains) {
        const policy = rules.find(rule => rule.policy !== undefined)?.policy
        if (policy !== undefined) this.policies.set(chain, policy)
      }
  }

  /** The same, for another plan: no set of ours is made yet. */
  fresh(): PlanNames {
    return new PlanNames(this.node, this.found, this.wanted)
  }

  /** A name for a set of our own: 31 bytes at most, and no other set has it. */
  readonly nameTwin = (set: string): string => {
    const name = TWIN_PREFIX + set.slice(set.lastIndexOf('-') + 1)
    for (let number = 1; ; number++) {
      const free = number === 1 ? name : name + number
      if (this.taken.has(free)) continue
      this.taken.add(free)
      this.twinOf.set(free, set)
      return free
    }
  }

  readable(set: string): string {
    let name = this.known.get(set)
    if (name === undefined) this.known.set(set, (name = this.findReadable(set)))
    return name
  }

  private findReadable(set: string): string {
    return this.wanted.names?.get(set)?.name ?? this.node.translation().names.namesOf(set)[0]?.name ?? set
  }

  setStep(edits: readonly SetEdit[], why: Why): PlannedStep {
    return {tool: 'ipset', isAtomic: false, isOfSets: true, ...why, operations: edits.map(edit => this.setOperation(edit))}
  }

  ruleStep(backend: Backend, edits: readonly Edit[], why: Why): PlannedStep {
    return {tool: 'iptables', backend, isAtomic: true, ...why, operations: edits.map(edit => this.ruleOperation(edit))}
  }

  private setOperation({line, undo}: SetEdit): PlannedOperation {
    const twin = isTwin(line.set) ? this.twinOf.get(line.set) : undefined
    const name = this.readable(twin ?? line.set)
    return {
      line: printSetLine(line),
      undo: undo.map(printSetLine).join('\n'),
      reason: this.isMadeAnew(line) ? MADE_ANEW : reasonOfSet(line.does, isTwin(line.set)),
      name,
    }
  }

  /** Whether a set goes, and comes back as another one. */
  private isMadeAnew({does, set}: SetEdit['line']): boolean {
    if (isTwin(set) || !this.wanted.sets.has(set)) return false
    return does === 'destroy' || (does === 'create' && this.found.sets.has(set))
  }

  private ruleOperation({line, undo}: Edit): PlannedOperation {
    const {chain} = line
    const policy = ('rule' in line ? line.rule.policy : undefined) ?? this.policies.get(chain) ?? this.knownPolicy(chain)
    const reason = reasonOfRule(line.does, chain === FORWARD_CHAIN)
    return {
      line: printRuleLine(line),
      undo: undo.map(printRuleLine).join('\n'),
      reason,
      ...(policy !== undefined && {policy}),
      name: chain,
    }
  }

  private knownPolicy(chain: string): string | undefined {
    return this.node.translation().policyOfChain.get(chain)
  }
}

const MADE_ANEW = 'it is made anew: its type or its options are others'

function reasonOfSet(does: SetEdit['line']['does'], isOfOurs: boolean): string {
  if (does === 'swap') return 'it gets all its members in one moment'
  if (isOfOurs) return does === 'flush' || does === 'destroy' ? 'nobody needs the copy any more' : 'a copy is made beside it'
  switch (does) {
    case 'create':
      return 'it is missing'
    case 'add':
      return 'it lacks this member'
    case 'del':
      return 'it has this member too many'
    case 'flush':
      return 'it is to be empty'
    case 'destroy':
      return 'nothing asks for it'
  }
}

function reasonOfRule(does: Edit['line']['does'], isJump: boolean): string {
  if (isJump) return does === 'insert' ? "Azure NPM's rules are asked from here" : 'it is in the wrong place, or too many'
  switch (does) {
    case 'declare':
      return 'it is missing'
    case 'flush':
      return 'its rules are written anew, or are too many'
    case 'remove':
      return 'nothing asks for it'
    case 'append':
      return 'it is to have this rule'
    case 'insert':
      return 'it lacks this rule'
    case 'replace':
      return 'this rule is another one'
    case 'delete':
    case 'deleteRule':
      return 'it has this rule too many'
  }
}
