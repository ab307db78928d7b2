import {Flags, type Interfaces} from '@oclif/core'
import {LONGEST_CONFIRMATION_MS} from '../../core/contract/agent.ts'
import type {Plan} from '../../core/contract/plan.ts'
import type {WriteResult, WriteResultList} from '../../core/contract/writes.ts'
import type {Narrowing} from '../../core/plan/wanted.ts'
import {type Semantics, semantics} from '../../core/policy/program.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {Problem} from '../../core/problem/problem.ts'
import type {NodeResult} from '../agents/each-node.ts'
import {exitCodes, Verb} from '../command.ts'
import {outputFlag} from '../flags.ts'
import {durationMs} from '../install/duration.ts'
import {planLines, planScript} from '../print/plan.ts'
import {writeFailure, writeResultLines} from '../print/write-result.ts'
import {confirm, requireTerminal} from '../ui/confirm.ts'
import {inTurn, isDone} from '../write/in-turn.ts'
import {openTargets} from '../write/open-targets.ts'
import {changedSince, type PlanRequest, planList, planTargets, readPlans, wantedOfDump} from '../write/plan-targets.ts'
import {forTarget} from '../write/target-flag.ts'
import {maxParallelFlag, maxParallelOf, targetFlags} from '../write/write-flags.ts'
import type {ApplyQuestion, WriteTarget} from '../write/write-target.ts'

const several = (summary: string, helpValue: string, char?: 'f') =>
  Flags.string({
    summary: `${summary}; may be given several times`,
    multiple: true,
    multipleNonGreedy: true,
    helpValue,
    ...(char && {char}),
  })

/** Flags that say what is planned: with a plan that was kept, all of that is decided. */
const PLANNING = [
  'filename',
  'from',
  'remove',
  'policy',
  'set',
  'cause',
  'semantics',
  'lite',
  'even-if-npm-runs',
  'node',
  'pod',
  'selector',
] as const

const flags = {
  ...targetFlags,
  filename: several('Kubernetes objects as they are to be, JSON or YAML, in place of those that the agent knows', 'PATH', 'f'),
  from: several('What the node had in this dump or restore point, in place of what policies ask for', 'PATH'),
  remove: Flags.boolean({summary: 'Nothing of Azure NPM: takes away what it left', default: false}),
  plan: Flags.string({summary: 'A plan that was kept with --dry-run -o json; - for standard input', helpValue: 'FILE'}),
  policy: several('What belongs to this policy, and nothing else', 'NS/NAME'),
  set: several('This set, and nothing else', 'NAME'),
  cause: several('What this cause of diff is about, by its number, and nothing else', 'N'),
  semantics: Flags.string({
    summary: "Azure NPM's meaning of a policy, faults included, or that of the Kubernetes API",
    options: semantics,
    helpValue: semantics.join('|'),
  }),
  lite: Flags.boolean({summary: 'The node runs NPM Lite, which reads its own pods only', default: false}),
  'even-if-npm-runs': Flags.boolean({
    summary: 'Take --semantics kubernetes also where Azure NPM runs, which undoes parts of it',
    default: false,
  }),
  'dry-run': Flags.boolean({summary: 'Show the plan, and write nothing', default: false}),
  yes: Flags.boolean({summary: 'Do not ask', default: false}),
  'confirm-within': Flags.string({
    summary: 'Go back unless the write is confirmed within this time: 60s, 5m',
    helpValue: 'DURATION',
  }),
  'end-denied-flows': Flags.boolean({
    summary: 'End connections that go on although the new rules deny them, and no others',
    default: false,
  }),
  'max-parallel': maxParallelFlag,
  output: outputFlag(
    ['wide', 'lines'],
    'wide shows all operations; lines, with --dry-run, is what the tools are told, as a shell script',
  ),
}

export default class Apply extends Verb {
  static override summary = 'Repairs a node in place: makes it what the policies ask for, with a way back'
  static override description =
    'Reads the node, compares it with what the policies ask for, and shows a plan: the smallest change, in an order in ' +
    'which what both states allow stays allowed and what both deny stays denied. After your yes it keeps a restore point, ' +
    'writes, reads again and compares; if anything fails or differs, the node goes back to what it had. Rules and sets of ' +
    'other programs are not touched. Many nodes are done one after the other; the first failure ends it.'
  static override exits = {
    done: 'the node has what was asked for',
    no: 'you said no; a write was not confirmed and was taken back; with --dry-run, there is something to do',
    failed: 'something failed: the message says in which state the node is',
  }
  static override examples = [
    '<%= config.bin %> apply --node aks-1 --dry-run',
    '<%= config.bin %> apply --node aks-1 --policy shop/db --confirm-within 60s',
    '<%= config.bin %> apply --node aks-1 --dry-run -o json > plan.json; <%= config.bin %> apply --plan plan.json',
    'sudo <%= config.bin %> apply --local --remove',
  ]
  static override flags = flags

  /** Of the objects that `-f` names. */
  private fileProblems: readonly Problem[] = []

  override async run(): Promise<void> {
    const {flags: given} = await this.parse(Apply)
    const {plan: kept, local, yes, 'dry-run': isDryRun, output} = given
    const question = questionOf(given)
    const maxParallel = maxParallelOf(given['max-parallel'])
    if (output === 'lines' && !isDryRun) throw new InputError('-o lines shows a plan, and writes nothing', 'Say --dry-run, too.')
    if (!isDryRun && !yes) requireTerminal('Say --yes to write without being asked, or --dry-run to see the plan.')
    if (!yes && question.confirmWithinMs !== undefined && maxParallel > 1)
      throw new InputError('one node after the other is asked about', 'Leave out --max-parallel, or --confirm-within.')
    const plans = kept === undefined ? undefined : await plansFrom(kept, given)
    const choice = plans && !local ? {...given, node: plans.map(({node}) => node)} : given
    await using opened = await openTargets(choice, this.waiting, isDryRun ? 'mayBeOperator' : 'operator')
    const {targets, absent} = opened
    const planned = plans
      ? fitted(plans, targets)
      : await planTargets(targets, this.requestOf(given, targets.length), this.waiting)
    await this.report(this.fileProblems)
    const changed = plans && isDryRun ? await changedSince(plans, targets, this.waiting) : []
    const results = [...planned, ...changed, ...absent].toSorted((one, other) => (one.node < other.node ? -1 : 1))
    const [only] = results
    if (only && results.length === 1 && 'error' in only) throw only.error
    const list = planList(results)
    const withWork = list.items.filter(({operations}) => operations.length > 0)
    const isForMachines = !['table', 'wide', 'lines'].includes(output)
    if (isDryRun || !isForMachines) await this.showPlans(given, list)
    if (isDryRun || list.failures.length > 0) {
      await this.reportFailures(list.failures)
      if (!isDryRun) await this.note(['Nothing was written. Choose the nodes that can be with --node.'])
      this.exit(list.failures.length > 0 ? exitCodes.failed : withWork.length > 0 ? exitCodes.no : exitCodes.done)
    }
    const toWrite = given['end-denied-flows'] ? list.items : withWork
    if (toWrite.length > 0 && !yes) await this.demandYes(toWrite, isForMachines)
    // Where a document is asked for, there is one, also when there is nothing to do.
    const written = await this.write(isForMachines ? list.items : toWrite, targets, {question, maxParallel, flags: given})
    await this.showWritten(written, given)
    this.exit(exitCodeOf(written))
  }

  private async showPlans(flags: ApplyFlags, list: ReturnType<typeof planList>): Promise<void> {
    const {items} = list
    const [only] = items
    const ofAll = (lines: (plan: Plan) => Iterable<string>) =>
      function* () {
        for (const [at, plan] of items.entries()) {
          if (at > 0) yield ''
          yield* lines(plan)
        }
      }
    const paint = this.paint(flags.color)
    await this.printAnswer(flags, {
      document: () => (only && items.length + list.failures.length === 1 ? only : list),
      table: ofAll(plan => planLines(plan, paint)),
      formats: {wide: ofAll(plan => planLines(plan, paint, true)), lines: ofAll(plan => planScript(plan))},
    })
    await this.report(items.flatMap(({node, problems}) => problems.map(problem => ({file: node, ...problem}))))
  }

  /** Ends the verb unless the person says yes. */
  private async demandYes(plans: readonly Plan[], isForMachines: boolean): Promise<void> {
    if (isForMachines) for (const plan of plans) await this.note([...planLines(plan, text => text)])
    const which = plans.length === 1 ? `node ${plans[0]?.node}` : `${plans.length} nodes`
    if (await confirm(`Write this to ${which}?`, this.signal)) return
    await this.note(['Nothing was written.'])
    this.exit(exitCodes.no)
  }

  private async write(
    plans: readonly Plan[],
    targets: readonly WriteTarget[],
    {question, maxParallel, flags}: {question: ApplyQuestion; maxParallel: number; flags: ApplyFlags},
  ): Promise<WriteResultList> {
    const isTable = flags.output === 'table' || flags.output === 'wide'
    const show = async (result: WriteResult, target: WriteTarget) => {
      if (!isTable || !isDone(result)) return
      const lines = writeResultLines(result, target.flag, this.paint(flags.color), flags.output === 'wide')
      await this.print(['', ...lines])
    }
    return inTurn(
      plans,
      async plan => {
        const target = targets.find(({node}) => node === plan.node) as WriteTarget
        const result = await target.apply(plan, question)
        await show(result, target)
        if (result.outcome !== 'awaitingConfirmation') return result
        const settled = await this.settle(result, target, question, flags.yes)
        if (settled !== result) await show(settled, target)
        return settled
      },
      {
        ...this.waiting,
        maxParallel,
        label: 'writing to',
        goesOn: result => isDone(result) && result.outcome !== 'rolledBack',
      },
    )
  }

  /** What becomes of a write that awaits its confirmation: the person is asked, or whoever else confirms it is waited for. */
  private async settle(
    result: WriteResult,
    target: WriteTarget,
    {confirmWithinMs = 0}: ApplyQuestion,
    yes: boolean,
  ): Promise<WriteResult> {
    const {id} = result
    if (yes) return target.settled ? target.settled(id) : result
    const late = AbortSignal.timeout(confirmWithinMs)
    try {
      const isKept = await confirm('Keep it?', AbortSignal.any([this.signal, late]))
      return await (isKept ? target.confirm(id) : target.rollback(id))
    } catch (error) {
      // Ctrl-C is no yes. Where it ends the way to the node, too, the node goes back by itself.
      if (!this.signal.aborted && !late.aborted && (error as Error).name === 'AbortError') return target.rollback(id)
      if (!this.signal.aborted && !late.aborted) throw error
      return target.settled ? target.settled(id) : {...result, outcome: 'rolledBack', state: 'before'}
    }
  }

  private async showWritten(written: WriteResultList, flags: ApplyFlags): Promise<void> {
    const {items, failures, notDone} = written
    const [only = written] = items.length + failures.length + notDone.length === 1 ? items : []
    const isTable = flags.output === 'table' || flags.output === 'wide'
    if (!isTable) await this.printAnswer(flags, {document: () => only, table: () => []})
    await this.report(items.flatMap(({node, problems}) => problems.map(problem => ({file: node, ...problem}))))
    const failed = items.filter(each => !isDone(each)).map(each => forTarget(writeFailure(each), each.node, flags))
    await this.reportFailures([...failed, ...failures.map(each => forTarget(each, each.node, flags))])
    if (notDone.length > 0) await this.note([`Not begun: ${notDone.join(', ')}.`])
  }

  private async requestOf(flags: ApplyFlags, targets: number): Promise<PlanRequest> {
    const {filename, from, remove, policy, set, cause, lite, semantics: meaning} = flags
    const narrowing = {
      ...(policy && {policies: policy}),
      ...(set && {sets: set}),
      ...(cause && {causes: cause}),
    } satisfies Narrowing
    const isNarrowed = Object.keys(narrowing).length > 0
    if ([filename, from, remove ? [] : undefined].filter(each => each !== undefined).length > 1)
      throw new InputError('-f, --from and --remove each say what the node is to be', 'Give one of them.')
    if ((from ?? remove) && (meaning !== undefined || lite))
      throw new InputError('--semantics and --lite are about policies', `Leave them out with ${remove ? '--remove' : '--from'}.`)
    const common = {isEvenIfNpmRuns: flags['even-if-npm-runs'], ...(isNarrowed && {narrowedTo: narrowing})}
    if (remove) return {...common, wanted: () => ({kind: 'nothing'})}
    if (from) {
      const {dumps} = await this.open({from, local: false})
      return {...common, wanted: wantedOfDump(dumps, targets)}
    }
    const policies = {kind: 'policies', isLite: lite, ...(meaning !== undefined && {semantics: meaning as Semantics})} as const
    if (!filename) return {...common, wanted: () => policies}
    const {readObjects} = await import('../source/read-objects.ts')
    const {objects, problems} = await readObjects(filename)
    // Nodes are being read, and the line that shows how far is not written into.
    this.fileProblems = problems
    return {...common, wanted: () => ({...policies, cluster: objects})}
  }
}

type ApplyFlags = Interfaces.InferredFlags<typeof flags> & {readonly color: string}

function questionOf(flags: ApplyFlags): ApplyQuestion {
  const within = flags['confirm-within']
  const confirmWithinMs = within === undefined ? undefined : durationMs('--confirm-within', within)
  if (confirmWithinMs !== undefined && (confirmWithinMs < 1000 || confirmWithinMs > LONGEST_CONFIRMATION_MS))
    throw new InputError(`--confirm-within ${within}: from one second to one day`, 'For example --confirm-within 60s')
  return {
    ...(confirmWithinMs !== undefined && {confirmWithinMs}),
    ...(flags['end-denied-flows'] && {endDeniedFlows: true}),
  }
}

async function plansFrom(path: string, flags: ApplyFlags): Promise<readonly Plan[]> {
  const also = PLANNING.filter(name => flags[name] !== undefined && flags[name] !== false)
  if (also.length > 0)
    throw new InputError(
      `--plan and ${also.map(name => `--${name}`).join(', ')} do not go together: the plan says what is done, and where`,
      'Leave them out, or plan again.',
    )
  return readPlans(path)
}

/** Kept plans, for the nodes that they were made for. */
function fitted(plans: readonly Plan[], targets: readonly WriteTarget[]): NodeResult<Plan>[] {
  return plans.flatMap((plan): NodeResult<Plan>[] => {
    const {node} = plan
    if (targets.some(target => target.node === node)) return [{node, value: plan}]
    const here = targets.map(target => target.node)
    // Nodes whose agents cannot be asked are told by themselves.
    if (targets.every(({flag}) => !flag.startsWith('--local'))) return []
    return [{node, error: new InputError(`the plan is for node ${node}, and this is ${here.join(', ')}`, 'Apply it there.')}]
  })
}

function exitCodeOf({items, failures}: WriteResultList): number {
  if (failures.length > 0 || !items.every(isDone)) return exitCodes.failed
  return items.some(({outcome}) => outcome === 'rolledBack') ? exitCodes.no : exitCodes.done
}
