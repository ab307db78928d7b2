import type {SamplesInput, WireSample} from '../../../core/contract/live.ts'
import type {RuleCounters} from '../../../core/dataplane/rule-counters.ts'
import {readRuleCounters} from '../../../core/linux/counters/read-counters.ts'
import {countsSince} from '../../../core/live/live-counts.ts'
import {structureDigest} from '../../../core/live/structure-digest.ts'
import {kernelSummary} from '../../../core/live/summary.ts'
import {sha256} from '../../../plugin/live/node-snapshots.ts'
import {shop, shopLines} from '../shop-nodes.ts'
import {documentProcedures, startFakeAgent} from './fake-agent.ts'

/** A node of the shop whose counters a test sets, as its agent tells of it. */
export class PlayedNode {
  private readonly wakes = new Set<() => void>()
  private hits = 0
  /** What was asked of it, one after the other. */
  readonly asked: SamplesInput[] = []
  private lines = shopLines.rules

  /** Each rule has counted so much. */
  hit(times: number): void {
    this.hits += times
    for (const wake of this.wakes) wake()
  }

  change(lines: readonly string[]): void {
    this.lines = lines
    this.hit(0)
  }

  private save = (): string =>
    this.lines.map(line => (line.startsWith('-A') ? `[${this.hits}:${this.hits * 60}] ${line}` : line)).join('\n')

  get documents() {
    return {
      'iptables-nft-save.txt': `${this.save()}\n`,
      'ipset-save.txt': `${shopLines.sets.join('\n')}\n`,
      'cluster.json': JSON.stringify({kind: 'List', items: shop.pods.map(pod => ({kind: 'Pod', ...pod}))}),
    }
  }

  async *samples(input: SamplesInput): AsyncGenerator<WireSample> {
    this.asked.push(input)
    let told: {counters: RuleCounters; sets: ReadonlyMap<string, number>} | undefined
    for (let seconds = 1; ; seconds++) {
      const counted: NonNullable<typeof told> = {
        counters: readRuleCounters([this.save()], told?.counters),
        sets: new Map([['azure-npm-1', 3]]),
      }
      yield {
        at: new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString(),
        structure: structureDigest(counted.counters.structure, sha256),
        summary: {...kernelSummary(counted), connections: null, differences: null, npm: null},
        ...(input.detail === 'rules' && {counts: countsSince(told, counted)}),
        readMs: 1,
        intervalMs: input.intervalMs,
        skipped: 0,
      }
      told = counted
      await new Promise<void>(resolve => this.wakes.add(resolve))
      this.wakes.clear()
    }
  }
}

/** Its agent. */
export const startPlayedAgent = (node: string, played: PlayedNode) =>
  startFakeAgent({
    node,
    procedures: {
      samples: input => played.samples(input as unknown as SamplesInput),
      openSnapshot: input => documentProcedures(node, played.documents)['openSnapshot']?.(input, undefined as never),
      readSnapshot: input => documentProcedures(node, played.documents)['readSnapshot']?.(input, undefined as never),
      closeSnapshot: () => null,
    },
  })
