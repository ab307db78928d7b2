import {mkdir, readFile, rm, stat} from 'node:fs/promises'
import {dirname} from 'node:path'
import {z} from 'zod'
import type {NodeState} from '../../core/dataplane/dataplane.ts'
import type {RuleCounters} from '../../core/dataplane/rule-counters.ts'
import {Increments, type NodeIncrements, type PolicyTotal, ruleOwners, type SavedIncrements} from '../../core/live/increments.ts'
import {ownedRules} from '../../core/live/owned-rules.ts'
import type {Log} from '../log.ts'
import {renameDurable, writeDurable} from '../write/durable-file.ts'
import {seal, unseal} from '../write/sealed-record.ts'

const count = z.number().min(0)
const savedSchema: z.ZodType<SavedIncrements> = z.object({
  version: z.literal(1),
  last: z.array(z.tuple([z.string(), count, count])),
  policies: z.array(
    z.object({
      policy: z.string(),
      direction: z.enum(['Ingress', 'Egress']),
      verdict: z.enum(['allow', 'drop']),
      packets: count,
      bytes: count,
      seenMs: z.number(),
    }),
  ),
  node: z.object({newConnections: count, drops: count, dropBytes: count}),
})

/** 50,000 rules have some 20 MB. */
const MOST_BYTES = 64 * 1024 * 1024

export interface CountedRulesOptions {
  /** The file that outlives the agent. */
  readonly path: string
  readonly log: Log
  /** Between two saves. What was counted since the last one is in the kernel still, unless rules were replaced. */
  readonly saveMs: number
}

/** What rules have counted, added up over resets, replaced rules and agents that were restarted. */
export class CountedRules {
  private readonly options: CountedRulesOptions
  private readonly increments: Increments
  private savedMs = Number.NEGATIVE_INFINITY
  private isChanged = false
  private saving: Promise<void> = Promise.resolve()
  private hasFailed = false
  private hasCounted = false

  private constructor(options: CountedRulesOptions, saved: SavedIncrements | undefined) {
    this.options = options
    this.increments = new Increments(saved)
  }

  /** Goes on where the agent before has stopped. A file that cannot be used costs what it counted, and a warning. */
  static async open(options: CountedRulesOptions): Promise<CountedRules> {
    return new CountedRules(options, await load(options))
  }

  /**
   * Adds what was counted since the last read. Of a node whose rules are not whole nothing is taken: it would seem to have lost them.
   *
   * @param newer what the same rules count, where that was read later than the state
   */
  add(state: NodeState, newer?: RuleCounters): void {
    if (state.completeness.rules !== 'whole') return
    const own = state.counters().counters
    const isOfState = newer && hasSameRules(newer, own)
    // Of other rules than the state has, nothing is known that is newer than what was added before.
    if (newer && !isOfState) return
    const read = newer ?? own
    this.increments.add(read, ruleOwners(ownedRules(state)), Date.now())
    this.hasCounted ||= read.hasCounters
    this.isChanged = true
  }

  /** Undefined before anything was counted. */
  get totals(): {readonly policies: readonly PolicyTotal[]; readonly node: NodeIncrements} | undefined {
    return this.hasCounted ? {policies: this.increments.totals(), node: this.increments.node} : undefined
  }

  /** Saves when it is time. Never throws. */
  saveNowAndThen(): void {
    if (performance.now() - this.savedMs >= this.options.saveMs) void this.save()
  }

  /** Saves what is not saved. Never throws. */
  save(): Promise<void> {
    if (!this.isChanged) return this.saving
    this.isChanged = false
    this.savedMs = performance.now()
    this.saving = this.saving.then(() => this.write())
    return this.saving
  }

  private async write(): Promise<void> {
    const {path, log} = this.options
    const part = `${path}.part`
    try {
      await mkdir(dirname(path), {recursive: true, mode: 0o700})
      await rm(part, {force: true})
      await writeDurable(part, [seal(this.increments.save())])
      await renameDurable(part, path)
      this.hasFailed = false
    } catch (error) {
      if (!this.hasFailed)
        log.warn(
          {path, reason: (error as Error).message},
          'What rules have counted cannot be saved: it begins anew when the agent restarts',
        )
      this.hasFailed = true
    }
  }
}

const hasSameRules = ({structure: {rules}}: RuleCounters, {structure}: RuleCounters): boolean =>
  rules.length === structure.rules.length && rules.every((rule, number) => rule === structure.rules[number])

async function load({path, log}: CountedRulesOptions): Promise<SavedIncrements | undefined> {
  try {
    if ((await stat(path)).size > MOST_BYTES) throw new Error(`more than ${MOST_BYTES} bytes`)
    const text = await readFile(path, 'utf8')
    return savedSchema.parse(unseal(text.trimEnd()))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      log.warn(
        {path, reason: (error as Error).message.slice(0, SHOWN)},
        'What rules had counted before cannot be read: it begins anew',
      )
    return undefined
  }
}

const SHOWN = 200
