import {Flags} from '@oclif/core'
import {emptyView, type LiveView, reduceLive} from '../../core/live/live-view.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {escapeJson} from '../../core/text/escape.ts'
import {nodesPage} from '../../core/top/nodes-page.ts'
import {policiesPage} from '../../core/top/policies-page.ts'
import {topSample} from '../../core/top/top-sample.ts'
import {watch} from '../../core/top/watch.ts'
import {exitCodes, Verb} from '../command.ts'
import {dumpPaths, listFlags, sourceFlags, streamFlag} from '../flags.ts'
import {durationMs} from '../install/duration.ts'
import type {LiveSource} from '../live/live-source.ts'
import {secondSamples} from '../live/second-samples.ts'
import {yamlLines} from '../print/document.ts'
import {readerGone} from '../print/output.ts'
import {wantsColor} from '../print/paint.ts'
import {topLines} from '../print/top.ts'
import {requireRoot} from '../services.ts'
import {clusterFlagsOf, isLive, type SourceFlags} from '../source/source-flags.ts'

const LEAST_MS = 200
const MOST_MS = 600_000
/** What a table can be sorted by; the first column is `name`. */
const sortWords = ['drops', 'new', 'name', 'state', 'differences', 'failures', 'policies', 'rules', 'sets', 'entries', 'pods']

export default class Top extends Verb {
  static override summary = 'Shows what goes on on nodes, now: who is dropped, by which policy and rule'
  static override description =
    'A screen to leave open: nodes by what they drop, the policies of a node, the rules of a policy with what each lets in ' +
    'and drops, the pods and sets of a node, what is not as the policies ask, and what has happened. ? shows its keys. All ' +
    'is counted by the kernel itself; nothing is put into the way of packets. A rule of Azure NPM sees the first packet of ' +
    'a connection, so NEW/S counts connections; DROPS/S counts every try. Not on a terminal, or with --once, it is one ' +
    'plain table, after the second sample. -o json prints a document for each sample, one to a line. --record keeps what ' +
    'comes in a file; --from shows a recording (space pauses, left and right step) or a dump. docs/top.md tells more.'
  static override exits = {done: 'shown', failed: 'a node could not be watched'}
  static override examples = [
    '<%= config.bin %> top',
    '<%= config.bin %> top --node aks-1 --interval 5s',
    '<%= config.bin %> top --once --sort-by new',
    '<%= config.bin %> top --record night.jsonl',
    '<%= config.bin %> top --from night.jsonl',
    'sudo <%= config.bin %> top --local -o json',
  ]
  static override args = dumpPaths
  static override flags = {
    ...sourceFlags,
    interval: Flags.string({summary: 'Time between two samples: 500ms, 1s, 1m', default: '1s', helpValue: 'DURATION'}),
    once: Flags.boolean({summary: 'Print one table, or one document for each node, and end', default: false}),
    'sort-by': Flags.string({summary: 'What the table is sorted by', options: sortWords, helpValue: 'COLUMN'}),
    'no-headers': listFlags['no-headers'],
    record: Flags.string({summary: 'Keep all that comes in this file', helpValue: 'FILE'}),
    ascii: Flags.boolean({summary: 'Draw with ASCII characters only', default: false}),
    output: streamFlag(),
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Top)
    const intervalMs = intervalOf(flags.interval)
    const isScreen =
      flags.output === 'table' && process.stdin.isTTY && process.stdout.isTTY && process.env['TERM'] !== 'dumb' && !flags.once
    const kind = kindOf(flags)
    const open = async (signal: AbortSignal, say?: (text: string) => void) =>
      (await import('../live/open-live-source.ts')).openLiveSource(flags, signal, say)
    const signal = AbortSignal.any([this.signal, readerGone()])
    if (!isScreen) {
      await using source = await open(this.signal)
      const recorded = await this.recorded(source, flags.record)
      if (flags.output !== 'table') return this.exit(await this.stream(recorded, flags, intervalMs, signal))
      return this.exit(await this.printOnce(recorded, flags, intervalMs, signal))
    }
    // Found out before anything of a cluster is loaded, which the first frame would wait for.
    const [{runTop}, {isAsciiTerminal}, {OpeningSource}, mayBeAsked] = await Promise.all([
      import('../ui/top/run-top.ts'),
      import('../ui/top/glyphs.ts'),
      import('../live/opening-source.ts'),
      kind === 'cluster' && this.mayBeAsked(flags),
    ])
    // It does not wait for a cluster, but for a file.
    await using opened = kind ? new OpeningSource(kind, this.signal, open) : await open(this.signal)
    // What a login program asks on the terminal itself would be lost behind the screen.
    if (mayBeAsked && opened instanceof OpeningSource) await opened.untilOpen()
    const source = await this.recorded(opened, flags.record)
    const isColored = wantsColor(flags.color as 'auto', true, process.env)
    await runTop(
      source,
      {
        intervalMs,
        theme: isColored ? 'dark' : 'plain',
        isAscii: flags.ascii || isAsciiTerminal(process.env),
        ...onlyNode(source, flags.node),
      },
      signal,
    )
  }

  private async mayBeAsked(flags: SourceFlags): Promise<boolean> {
    return (await import('../kubernetes/may-ask.ts')).mayAskPerson(clusterFlagsOf(flags))
  }

  private async recorded(source: LiveSource, file: string | undefined): Promise<LiveSource> {
    return file === undefined ? source : (await import('../live/record.ts')).recordTo(file, source)
  }

  /** A document for each sample as it comes, or with --once the second one of each node. */
  private async stream(
    source: LiveSource,
    {output, once}: {readonly output: string; readonly once: boolean},
    intervalMs: number,
    signal: AbortSignal,
  ): Promise<number> {
    source.request({intervalMs, rulesOf: 'all'})
    const print = async (document: object): Promise<void> =>
      this.print(output === 'json' ? [escapeJson(JSON.stringify(document))] : ['---', ...(await yamlLines({...document}))])
    if (once) {
      const {nodes} = await secondSamples(source, intervalMs, signal)
      for (const node of nodes.values()) await print(topSample(node))
      return exitCodeOf(await this.failuresOf({nodes, happenings: []}))
    }
    let view = emptyView
    try {
      for await (const event of source.events(signal)) {
        view = reduceLive(view, event)
        const node = view.nodes.get(event.node)
        if (node && event.kind !== 'LiveNode') await print(topSample(node))
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
    return exitCodeOf([...view.nodes.values()].flatMap(({failure}) => failure ?? []))
  }

  private async printOnce(
    source: LiveSource,
    flags: {
      readonly node: readonly string[] | undefined
      readonly 'sort-by': string | undefined
      readonly 'no-headers': boolean
      readonly color: string
      readonly ascii: boolean
    },
    intervalMs: number,
    signal: AbortSignal,
  ): Promise<number> {
    source.request({intervalMs, rulesOf: flags.node || source.kind !== 'cluster' ? 'all' : new Set()})
    const view = await secondSamples(source, intervalMs, signal)
    const watched = watch(view)
    const [first, ...others] = watched.nodes
    const table = first && others.length === 0 && first.policies ? policiesPage(first) : nodesPage(watched, nowOf(source, view))
    const by = columnOf(table, flags['sort-by'])
    const {dotted, glyphsOf} = await import('../ui/top/glyphs.ts')
    const lines = [...topLines(table, by, this.paint(flags.color), !flags['no-headers'])]
    await this.print(lines.map(line => dotted(line, glyphsOf(flags.ascii))))
    return exitCodeOf(await this.failuresOf(view))
  }

  /** @throws InputError when there is no node at all */
  private async failuresOf({nodes}: LiveView) {
    if (nodes.size === 0)
      throw new InputError(
        'no node has answered',
        'See which there are: kubectl npm status. Of a recording: it holds no whole sample.',
      )
    const failures = [...nodes.values()].flatMap(({failure}) => failure ?? [])
    await this.reportFailures(failures)
    return failures
  }
}

const exitCodeOf = (failures: readonly unknown[]): number => (failures.length > 0 ? exitCodes.failed : exitCodes.done)

/**
 * What a screen need not wait for. What is wrong with the flags is told before there is one.
 *
 * @returns undefined for files
 */
function kindOf(flags: SourceFlags): 'cluster' | 'local' | undefined {
  if (isLive(flags)) {
    clusterFlagsOf(flags)
    return 'cluster'
  }
  if (!flags.local) return
  requireRoot('reads the kernel')
  return 'local'
}

function intervalOf(text: string): number {
  const ms = durationMs('--interval', text)
  if (ms >= LEAST_MS && ms <= MOST_MS) return ms
  throw new InputError(`--interval ${text} is too ${ms < LEAST_MS ? 'short' : 'long'}`, 'Give 200ms to 10m.')
}

/** With one node to look at, its policies come first. */
function onlyNode({recorded}: LiveSource, chosen: readonly string[] | undefined): {readonly node?: string} {
  const [node, ...others] = chosen ?? [...new Set(recorded?.map(event => event.node))]
  return node !== undefined && others.length === 0 ? {node} : {}
}

function columnOf(table: {readonly columns: readonly {readonly key: string}[]}, word: string | undefined): string | undefined {
  if (word === undefined) return
  const key = word === 'name' ? table.columns[0]?.key : word
  if (key !== undefined && table.columns.some(column => column.key === key)) return key
  const words = sortWords.filter(each => each === 'name' || table.columns.some(column => column.key === each))
  throw new InputError(`--sort-by ${word}: this table has no such column`, `It has: ${words.join(', ')}.`)
}

/** What was kept is as old as it was then. */
function nowOf({kind}: LiveSource, {nodes}: LiveView): number {
  if (kind === 'cluster' || kind === 'local') return Date.now()
  return Math.max(...[...nodes.values()].map(({failure, sample, live}) => Date.parse((failure ?? sample ?? live)?.at ?? '')))
}
