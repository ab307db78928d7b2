import type {RuleCounters} from '../../core/dataplane/rule-counters.ts'
import {readRuleCounters} from '../../core/linux/counters/read-counters.ts'
import {readSetCounts} from '../../core/linux/counters/set-counts.ts'
import {chooseSave} from '../../core/linux/documents/choose-save.ts'
import {indexIptablesSave} from '../../core/linux/iptables/save-index.ts'
import {TextDecoding} from '../../core/text/decode.ts'
import type {Text} from '../../core/text/lines.ts'
import type {Limits} from '../limits/limits.ts'
import {refused} from '../limits/refusal.ts'
import {KernelError} from '../native/kernel-error.ts'
import {loadNetlink, type OpenNetlink} from '../netlink/socket.ts'
import {readLegacyTables} from '../node/legacy-tables.ts'
import type {NodeSource} from '../node/node-source.ts'
import {start as startTool} from '../node/run.ts'
import {takeTurn} from '../node/turn.ts'
import {isNftSave} from '../node/versions.ts'
import {loadXtables, type OpenXtables} from '../xtables/socket.ts'
import type {LearnedCounters, Learning} from './learned-counters.ts'
import {LegacyCounters} from './legacy-counters.ts'
import type {LiveCounters} from './live-counters.ts'
import {NftCounters} from './nft-counters.ts'
import {ThreadTime} from './thread-time.ts'

export interface KernelTools extends NodeSource {
  /** How the kernel is asked without a tool, of either back end. Gives undefined where that cannot be done. */
  readonly netlink?: () => Promise<OpenNetlink | undefined>
  readonly xtables?: () => Promise<OpenXtables | undefined>
}

/** The table that holds Azure NPM's chains. Reading the others takes as long again. */
const TABLE = ['-c', '-t', 'filter']

type Backend = 'nft' | 'legacy'

/** How long a back end is taken for the one in use: Azure NPM may start again with the other one. */
const BACKEND_MS = 300_000

/** Reads counters of the kernel, and nothing else: no rule is parsed while the rules are the same. */
export class KernelCounters implements LiveCounters {
  private readonly tools: KernelTools
  private readonly limits: Limits
  private backend: Backend | undefined
  /** The last one that was in use. */
  private foundBackend: Backend | undefined
  private foundMs = -Infinity
  private nftSave: string | undefined
  private before: RuleCounters | undefined
  /** How the back end in use is read without its tool; undefined where only the tool can be asked. */
  private learned: Promise<LearnedCounters | undefined> | undefined
  private readonly time = new ThreadTime()

  constructor(tools: KernelTools, limits: Limits) {
    this.tools = tools
    this.limits = limits
  }

  get spentMs(): number {
    return this.time.spentMs
  }

  /** @throws RefusedError `READ_FAILED` when they cannot be read */
  async rules(signal: AbortSignal): Promise<RuleCounters> {
    const now = performance.now()
    if (!this.backend || now - this.foundMs > BACKEND_MS) {
      const backend = await this.findBackend(signal)
      // What the kernel has refused, it may give later.
      if (backend !== this.foundBackend || !(await this.learned)) this.learned = undefined
      this.backend = backend
      this.foundBackend = backend
      this.foundMs = now
    }
    this.before = await this.countedRules(this.backend, signal)
    // Azure NPM may come later, and bring its rules to the other back end.
    if (this.before.structure.rules.length === 0) this.backend = undefined
    return this.before
  }

  /** Members of each set of Azure NPM. @throws RefusedError `READ_FAILED` when they cannot be read */
  async sets(signal: AbortSignal): Promise<Map<string, number | null>> {
    const text = await this.text('ipset', ['list', '-t'], signal)
    return this.time.spend(() => readSetCounts(text))
  }

  /** From the kernel while the rules are those of the tool's last text, from the tool else. */
  private async countedRules(backend: Backend, signal: AbortSignal): Promise<RuleCounters> {
    this.learned ??= this.openLearned(backend)
    const learned = await this.learned
    if (!learned) return this.savedRules(backend, signal)
    try {
      return (await learned.read()) ?? (await this.savedRules(backend, signal, learned.beginLearning()))
    } catch (error) {
      if (!(error instanceof KernelError)) throw error
      // The kernel would refuse it the next time, too, for a while.
      this.learned = Promise.resolve(undefined)
      return this.savedRules(backend, signal)
    }
  }

  private async openLearned(backend: Backend): Promise<LearnedCounters | undefined> {
    const {netlink = loadNetlink, xtables = loadXtables} = this.tools
    // Whatever is wrong with C libraries here, there is the tool.
    if (backend === 'nft') {
      const open = await netlink().catch(() => undefined)
      return open && new NftCounters(open, this.time)
    }
    const open = await xtables().catch(() => undefined)
    return open && new LegacyCounters(open, this.time, this.limits.diffBytes)
  }

  private async savedRules(backend: Backend, signal: AbortSignal, learn?: Learning): Promise<RuleCounters> {
    const text = await this.save(backend, TABLE, signal)
    const counters = this.time.spend(() => readRuleCounters(text, this.before))
    return (await learn?.(text, counters)) ?? counters
  }

  /** The back end whose rules all other answers take for Azure NPM's. Where there is only one, nothing is read to find it. */
  private async findBackend(signal: AbortSignal): Promise<Backend> {
    const {legacyTables = readLegacyTables} = this.tools
    const tables = await legacyTables().catch((error: Error) => {
      throw readFailed(`whether there are legacy tables is unknown: ${error.message}`)
    })
    if ((tables ?? '').trim() === '') return 'nft'
    const saves = await Promise.all((['nft', 'legacy'] as const).map(backend => this.save(backend, ['-c'], signal)))
    const {chosen} = chooseSave(saves.map(text => indexIptablesSave(text)))
    return chosen?.backend === 'legacy' ? 'legacy' : 'nft'
  }

  private async save(backend: Backend, args: readonly string[], signal: AbortSignal): Promise<Text> {
    if (backend === 'legacy') return this.text('iptables-legacy-save', args, signal)
    return this.text((this.nftSave ??= await this.nftTool(signal)), args, signal)
  }

  /** Distributions without `iptables-nft-save` call it `iptables-save`; that name may also mean the legacy tool. */
  private async nftTool(signal: AbortSignal): Promise<string> {
    const {run} = this.tools
    for (const tool of ['iptables-nft-save', 'iptables-save']) if (await isNftSave(tool, run, signal)) return tool
    return 'iptables-nft-save'
  }

  private async text(command: string, args: readonly string[], signal: AbortSignal): Promise<Text> {
    const {toolMs: timeoutMs, diffBytes: largestBytes} = this.limits
    const {start = startTool} = this.tools
    const endTurn = await takeTurn([command], timeoutMs, signal)
    if (!endTurn) throw readFailed(`other reads of this node with ${command} have not ended`)
    try {
      const tool = this.time.spend(() => start(command, args, {timeoutMs, largestBytes, signal}))
      const decoding = new TextDecoding()
      for await (const piece of tool.stdout) decoding.push(piece)
      const {end, failure} = await tool.ending
      if (end !== 'ok') throw readFailed(`${tool.command}: ${failure}`)
      return this.time.spend(() => decoding.end())
    } finally {
      endTurn()
    }
  }
}

const readFailed = (why: string) =>
  refused('READ_FAILED', `the counters of this node cannot be read: ${why}`, 'See what the agent logs when it reads the node.')
