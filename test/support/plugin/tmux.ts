import {spawnSync} from 'node:child_process'
import {setTimeout as sleep} from 'node:timers/promises'
import {execa} from 'execa'
import {temporaryFolder} from '../temporary-folder.ts'

/** What a person has before them: a shell in a terminal, whose keys can be pressed and whose screen can be read. */
export interface Terminal extends AsyncDisposable {
  /** Presses keys by tmux's names: `Enter`, `Escape`, `C-c`, or letters. */
  press(...keys: readonly string[]): Promise<void>
  /** Types a command line into the shell. */
  type(line: string): Promise<void>
  /** The screen as text, a line for each row. */
  screen(): Promise<string>
  /** Waits until the screen has what is looked for. */
  until(pattern: RegExp): Promise<string>
  resize(columns: number, rows: number): Promise<void>
  /** What tmux knows of the terminal: `alternate_on`, `cursor_flag`, `mouse_any_flag`. */
  state(): Promise<{readonly isAlternate: boolean; readonly hasCursor: boolean; readonly hasMouse: boolean}>
  /** Bytes that programs have written to it so far. */
  written(): Promise<number>
}

const hasTmux = (): boolean => spawnSync('tmux', ['-V']).status === 0
/** What is missing; undefined where it is there. */
export const missingTmux = (): string | undefined => (hasTmux() ? undefined : 'tmux (Debian package tmux)')

/** How long a screen is waited for: a busy machine may take long. */
const PATIENCE_MS = 60_000

/** @param within what the shell is started by, for example `['ip', 'netns', 'exec', NAME]` */
export async function openTerminal(
  options: {
    readonly columns?: number
    readonly rows?: number
    readonly within?: readonly string[]
    readonly env?: Readonly<Record<string, string>>
  } = {},
): Promise<Terminal> {
  const {columns = 80, rows = 24, within = [], env = {}} = options
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryFolder())
  // A server of its own: nothing of the person's, nor of another test, is touched.
  const tmux = async (...args: readonly string[]) =>
    (
      await execa('tmux', ['-S', `${folder.path}/socket`, '-f', '/dev/null', ...args], {
        env: {...env, LC_ALL: 'C.UTF-8', TERM: 'xterm-256color', PS1: '$ ', TMUX: ''},
      })
    ).stdout
  await tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), '-s', 'test', ...within, 'sh')
  stack.defer(async () => {
    await tmux('kill-server').catch(() => {})
  })
  const written = `${folder.path}/written`
  await tmux('pipe-pane', '-t', 'test', `cat > ${written}`)
  const screen = () => tmux('capture-pane', '-p', '-t', 'test')
  const opened = stack.move()
  return {
    press: async (...keys) => void (await tmux('send-keys', '-t', 'test', ...keys)),
    type: async line => void (await tmux('send-keys', '-t', 'test', line, 'Enter')),
    screen,
    until: async pattern => {
      const end = Date.now() + PATIENCE_MS
      for (;;) {
        const seen = await screen()
        if (pattern.test(seen)) return seen
        if (Date.now() > end) throw new Error(`${pattern} is not on the screen:\n${seen}`)
        await sleep(50)
      }
    },
    resize: async (width, height) => void (await tmux('resize-window', '-t', 'test', '-x', String(width), '-y', String(height))),
    state: async () => {
      const flags = await tmux('display-message', '-p', '-t', 'test', '#{alternate_on} #{cursor_flag} #{mouse_any_flag}')
      const [isAlternate, hasCursor, hasMouse] = flags.split(' ').map(flag => flag === '1')
      return {isAlternate: isAlternate ?? false, hasCursor: hasCursor ?? false, hasMouse: hasMouse ?? false}
    },
    written: async () => Number((await execa('stat', ['-c', '%s', written])).stdout),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

let asked = 0

/** How the terminal of a shell is set, as stty says it; not its size, which comes to it some time after it is changed. */
export async function settings(terminal: Terminal): Promise<string> {
  // What an earlier call has printed may still be on the screen.
  const end = `settled-${++asked}`
  await terminal.type(`clear; stty -g; echo ${end}`)
  const screen = await terminal.until(new RegExp(`^${end}$`, 'm'))
  // A narrow screen breaks the line.
  return screen.slice(0, screen.indexOf(`\n${end}`)).replaceAll(/\s/g, '')
}
