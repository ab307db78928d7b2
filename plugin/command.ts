import {Command, type Config, type Interfaces} from '@oclif/core'
import {InputError, NotFoundError} from '../core/problem/input-error.ts'
import type {Problem} from '../core/problem/problem.ts'
import {problemText} from '../core/problem/problem-text.ts'
import {escapeControls} from '../core/text/escape.ts'
import type {Waiting} from './agents/each-node.ts'
import {withoutBooleanValues} from './boolean-values.ts'
import {interruptedCode, interruption} from './cleanup/interruption.ts'
import {commonFlags, type OutputFlags} from './flags.ts'
import {type Answer, answerLines} from './print/answer.ts'
import {writeLines} from './print/output.ts'
import {pageLines, pagerOf} from './print/pager.ts'
import {type ColorMode, type Paint, painter, wantsColor} from './print/paint.ts'
import {linesFor} from './print/wrap.ts'
import type {Source} from './source/open-source.ts'
import type {Further, Wanted} from './source/read-cluster.ts'
import type {SourceFlags} from './source/source-flags.ts'
import {progressLine} from './ui/progress-line.ts'

export const exitCodes = {
  /** Yes, clean, done. */
  done: 0,
  /** The answer is no: not found, dropped, drift. */
  no: 1,
  /** Could not answer. */
  failed: 2,
} as const

/** What the exit codes of a verb mean: 0, 1 and 2. */
export interface Exits {
  readonly done: string
  /** Absent where a verb never says no. */
  readonly no?: string
  readonly failed: string
}

/** What to do about a name that a redacted dump has not. The cluster has its names no more than the dump has those of the cluster. */
const inRedacted = ({steps}: InputError): string[] => [
  'The dump is redacted: other names and addresses stand in it, and nobody can tell which stands for which.',
  'See those that it has: kubectl npm matrix, policies or sets --from PATH',
  ...steps.filter(step => !step.startsWith('Check the name: kubectl get')),
]

/** Formats for people, of which long answers are paged. */
const PAGED = new Set(['table', 'wide'])

/** A verb of the plugin: parses, calls one function of core, prints. */
export abstract class Verb extends Command {
  static override baseFlags = commonFlags
  static exits: Exits

  /** Answers a command line. oclif's own way, `run`, makes its view of the program a second time. */
  static async answer(words: readonly string[], config: Config): Promise<void> {
    const called = this as unknown as new (argv: string[], config: Config) => Verb
    await new called([...words], config)._run()
  }

  /** What could not be read so far: it may explain an error. Nodes are not kept, as those of a cluster may not fit into memory at once. */
  private readonly unread: Problem[] = []

  private isOpened = false
  private isRedacted = false

  /** Instead of printed, while the verb is asked again and again. */
  private caught: {answer?: Answer; readonly told: string[]} | undefined

  /** What stands as a path among the arguments means the same as behind the flag. */
  protected override async parse<
    F extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    B extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    A extends Interfaces.OutputArgs<Interfaces.ArgInput>,
  >(options?: Interfaces.Input<F, B, A>, argv?: string[]): Promise<Interfaces.ParserOutput<F, B, A>> {
    const known = {...options?.baseFlags, ...options?.flags}
    const parsed = await super.parse(options, withoutBooleanValues(argv ?? this.argv, known))
    const {path = []} = parsed.args as {readonly path?: readonly string[]}
    if (path.length === 0) return parsed
    const flag = options?.flags && 'filename' in options.flags ? 'filename' : 'from'
    const given = (parsed.flags as Readonly<Record<string, readonly string[] | undefined>>)[flag] ?? []
    return {...parsed, flags: {...parsed.flags, [flag]: [...given, ...path]}}
  }

  /** The exit code of what follows something until Ctrl-C: 130 for that, else the one of what was seen last. */
  protected followedCode(last: number): number {
    return interruptedCode() ?? last
  }

  /** Ends work that holds something, when the person does not want to wait. */
  protected get signal(): AbortSignal {
    return interruption
  }

  /** Ctrl-C, and a line on stderr that shows how far work on many nodes is. */
  protected get waiting(): Waiting {
    const progress = this.caught ? {show() {}, clear() {}} : progressLine(process.stderr)
    return {signal: interruption, progress}
  }

  /**
   * Answers once, or with --watch again and again.
   *
   * @param once reads, computes, prints and says how it ends, as a verb does that is called once
   */
  protected async answering(
    flags: OutputFlags & Pick<SourceFlags, 'from' | 'local'> & {readonly watch: boolean},
    once: () => Promise<void>,
  ): Promise<void> {
    if (!flags.watch) return once()
    const [{followAnswers}, {openWatched}] = await Promise.all([
      import('./ui/follow-answers.ts'),
      import('./source/watched-source.ts'),
    ])
    await using watched = openWatched(flags)
    const ask = async () => {
      const caught: {answer?: Answer; readonly told: string[]} = {told: []}
      this.caught = caught
      this.unread.length = 0
      const exitCode = await once().then(() => exitCodes.done, codeOf)
      if (!caught.answer) throw new Error('a verb that is watched gave no answer')
      return {answer: caught.answer, told: caught.told, exitCode}
    }
    const {output, color, 'no-headers': isBare = false} = flags
    const followed = {ask, output, hasHeaders: !isBare, paint: this.paint(color), renew: watched.renew}
    this.exit(await followAnswers(followed, this.signal))
  }

  /** Opens what the flags name, as `openSource` does. What was wrong with it is told before an error that follows. */
  protected async open(flags: SourceFlags, wanted?: Wanted, further?: Further): Promise<Source> {
    const {openSource, unreadOf} = await import('./source/open-source.ts')
    const source = await openSource(flags, this.waiting, wanted, further)
    this.isOpened = true
    this.unread.push(...unreadOf(source))
    this.isRedacted = source.isRedacted === true
    return source
  }

  /** "Pod a/b is not in the input" sends people to the wrong place when the file with the pod could not be read. */
  protected override async catch(error: Error): Promise<unknown> {
    if (!(error instanceof InputError) || error.problems.length > 0) throw error
    if (!this.isOpened) throw error
    if (error instanceof NotFoundError && this.isRedacted) throw new NotFoundError(error.message, inRedacted(error), this.unread)
    // What could not be read may have the name.
    if (error instanceof NotFoundError && this.unread.length === 0) throw error
    throw new InputError(error.message, error.steps, this.unread)
  }

  protected paint(mode: string): Paint {
    return painter(wantsColor(mode as ColorMode, process.stdout.isTTY, process.env))
  }

  protected async print(lines: Iterable<string>): Promise<void> {
    await writeLines(lines)
  }

  /** Prints an answer to stdout in the format and with the colours that the flags ask for. */
  protected async printAnswer(
    {output, color, 'no-pager': isPlain, 'no-headers': isBare}: OutputFlags,
    answer: Answer,
  ): Promise<void> {
    if (this.caught) {
      this.caught.answer = answer
      return
    }
    const lines = await answerLines(answer, output, this.paint(color), !isBare)
    const shown = PAGED.has(output) ? linesFor(process.stdout, lines) : lines
    const pager = process.stdout.isTTY && process.stdin.isTTY && !isPlain ? pagerOf(process.env) : undefined
    if (pager !== undefined && PAGED.has(output)) return pageLines(shown, process.stdout.rows, pager)
    await this.print(shown)
  }

  /** Lines about the answer, which are for people. */
  protected async tell(lines: Iterable<string>): Promise<void> {
    if (this.caught) return void this.caught.told.push(...lines)
    await writeLines(linesFor(process.stderr, lines), process.stderr)
  }

  /** Nodes that could not be asked, after what others answered. */
  protected async reportFailures(failures: readonly {readonly message: string; readonly next: string}[]): Promise<void> {
    await this.tell(failures.flatMap(({message, next}) => [`error: ${escapeControls(message)}`, `  ${escapeControls(next)}`]))
  }

  /** Names that were asked for and are not there, after the answer, with what was meant. */
  protected async reportUnknown(unknown: readonly {readonly what: string; readonly steps: readonly string[]}[]): Promise<void> {
    await this.tell(unknown.flatMap(({what, steps}) => [escapeControls(what), ...steps.map(step => `  ${escapeControls(step)}`)]))
  }

  /** Sentences on stderr, after the answer. */
  protected async note(sentences: readonly string[]): Promise<void> {
    await this.tell(sentences.map(escapeControls))
  }

  /** Problems go to stderr, after the answer: they must not be scrolled away by it. */
  protected async report(problems: readonly Problem[]): Promise<void> {
    const each = new Set(problems.map(problem => `warning: ${problemText(problem)}`))
    await this.tell([...each].flatMap(text => text.split('\n')))
  }
}

/** How a verb ended. @throws what is no end that it chose itself */
function codeOf(error: unknown): number {
  const {code, oclif} = error as {readonly code?: string; readonly oclif?: {readonly exit?: number}}
  if (code !== 'EEXIT') throw error
  return oclif?.exit ?? exitCodes.done
}
