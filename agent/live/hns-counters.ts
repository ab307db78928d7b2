import type {NodeState} from '../../core/dataplane/dataplane.ts'
import type {RuleCounters, RuleStructure} from '../../core/dataplane/rule-counters.ts'
import {kindOfDocument} from '../../core/dump/layout.ts'
import type {DumpDocument} from '../../core/dump/model.ts'
import {isSetName} from '../../core/names/kernel-name.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {TextDecoding} from '../../core/text/decode.ts'
import type {Limits} from '../limits/limits.ts'
import {refused} from '../limits/refusal.ts'
import {documentReaders, kernelDocuments} from '../node/documents.ts'
import type {NodeSource} from '../node/node-source.ts'
import type {LiveCounters} from './live-counters.ts'
import {ThreadTime} from './thread-time.ts'

/** Rules and sets of a Windows node. HNS counts no packet, so all that changes is what there is, and it is not read at each look. */
export class HnsCounters implements LiveCounters {
  private readonly source: NodeSource
  private readonly limits: Limits
  private known: {readonly counters: RuleCounters; readonly sets: Map<string, number | null>} | undefined
  private readMs = -Infinity
  private reading: Promise<NonNullable<typeof this.known>> | undefined
  private readonly time = new ThreadTime()

  constructor(source: NodeSource, limits: Limits) {
    this.source = source
    this.limits = limits
  }

  get spentMs(): number {
    return this.time.spentMs
  }

  async rules(signal: AbortSignal): Promise<RuleCounters> {
    return (await this.current(signal)).counters
  }

  async sets(signal: AbortSignal): Promise<Map<string, number | null>> {
    return (await this.current(signal)).sets
  }

  private async current(signal: AbortSignal): Promise<NonNullable<typeof this.known>> {
    if (this.known && performance.now() - this.readMs < this.limits.liveSetsMs) return this.known
    this.reading ??= this.read(signal).finally(() => (this.reading = undefined))
    return this.reading
  }

  private async read(signal: AbortSignal): Promise<NonNullable<typeof this.known>> {
    const now = performance.now()
    const {documents, problem} = await this.documents(signal)
    const {readDump} = await import('../../core/dump/read-dump.ts')
    this.known = await this.time.spendInSlices(async () => this.counted((await readDump(documents)).nodes[0], problem))
    this.readMs = now
    return this.known
  }

  /** @throws RefusedError where no endpoints are known, or no sets: neither may seem to be none */
  private counted(state: NodeState | undefined, problem: Problem | undefined): NonNullable<typeof this.known> {
    if (!state?.sets || state.completeness.rules === 'absent')
      throw readFailed(problem?.message ?? "HNS has no network that could be Azure NPM's, or gave no endpoints", problem?.next)
    const {counters} = state.counters()
    const structure = this.structure(
      // What is missing may have rules of more policies.
      state.completeness.rules === 'whole' ? counters.structure : {...counters.structure, policies: null},
    )
    const own = [...state.sets.values()].filter(({name}) => isSetName(name))
    return {
      counters: {...counters, structure},
      sets: new Map(own.map(({name, members}) => [name, members.length])),
    }
  }

  /** The one of the read before, while the rules are the same. */
  private structure(now: RuleStructure): RuleStructure {
    const before = this.known?.counters.structure
    const isSame =
      before?.policies === now.policies &&
      before.rules.length === now.rules.length &&
      before.rules.every((rule, at) => rule === now.rules[at])
    return isSame ? before : now
  }

  /** @throws RefusedError when HNS gives nothing */
  private async documents(
    signal: AbortSignal,
  ): Promise<{readonly documents: DumpDocument[]; readonly problem: Problem | undefined}> {
    const documents: DumpDocument[] = []
    let first: Problem | undefined
    const sources = {...this.source, version: '', cluster: undefined, limits: this.limits}
    for (const [name, reader] of await documentReaders(kernelDocuments, sources)) {
      const decoding = new TextDecoding()
      const pieces = reader(signal)
      let next = await pieces.next()
      for (; !next.done; next = await pieces.next()) decoding.push(next.value)
      const text = decoding.end()
      const [problem] = next.value.problems
      first ??= problem
      if (text.length === 0 && problem) throw readFailed(problem.message, problem.next)
      const kind = kindOfDocument(name)
      documents.push({name, folder: 'local', text, ...(kind && {kind})})
    }
    return {documents, problem: first}
  }
}

const readFailed = (why: string, next = 'See what the agent logs when it reads the node.') =>
  refused('READ_FAILED', `the rules of this node cannot be read: ${why}`, next)
