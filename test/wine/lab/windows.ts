import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdir, mkdtemp, open, readFile, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import {COMPILER, type WindowsTools} from './requirements.ts'

const STAND_INS = fileURLToPath(new URL('../stand-ins', import.meta.url))
const SYSTEM = 'drive_c/windows/system32'

export interface WindowsResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** A Windows program that runs on. */
export interface WindowsProcess extends AsyncDisposable {
  readonly process: ChildProcess
  stdout(): Promise<string>
  stderr(): Promise<string>
}

/** A Windows of our own: Wine with a prefix that nobody else has, and Node for Windows. */
export interface Windows extends AsyncDisposable {
  /** A folder for the test's files, on this system. */
  readonly folder: string
  /** Puts a stand-in into the folder of Windows' own files. @param source its file; @param as its place there */
  install(source: string, as: string): Promise<void>
  uninstall(as: string): Promise<void>
  /** Runs Node for Windows until it ends. */
  node(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<WindowsResult>
  /** Starts it, to run beside the test. */
  startNode(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<WindowsProcess>
}

/** A path of this system as Windows programs have it. */
export const windowsPath = (path: string): string => `Z:${path.replaceAll('/', '\\')}`

/** How long Wine's server waits for another program: longer than tests pause, and not for ever when they are killed. */
const LINGERS_SECONDS = 120

/** Takes three seconds. */
export async function openWindows({wine, wineserver, node}: WindowsTools): Promise<Windows> {
  const folder = await mkdtemp(join(tmpdir(), 'kubectl-npm-wine-'))
  const prefix = join(folder, 'prefix')
  const {DISPLAY: _, ...rest} = process.env
  // Its own helpers for .NET and web pages would be looked for, and asked about.
  const env = {...rest, WINEPREFIX: prefix, WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree,mshtml=', NODE_OPTIONS: ''}
  const quiet = {env, extendEnv: false, stdin: 'ignore', stdout: 'ignore', stderr: 'ignore'} as const
  let runs = 0

  /** Of Wine's programs only files take the output as Node writes it: it takes no pipe for one. */
  async function start(args: readonly string[], more: Readonly<Record<string, string>>) {
    const output = join(folder, `run-${runs++}`)
    const [out, err] = [await open(`${output}.out`, 'w'), await open(`${output}.err`, 'w')]
    const child = spawn(wine, [node, ...args], {env: {...env, ...more}, stdio: ['ignore', out.fd, err.fd], cwd: folder})
    await once(child, 'spawn')
    await Promise.all([out.close(), err.close()])
    const textOf = (ending: string) => readFile(`${output}.${ending}`, 'utf8')
    return {child, stdout: () => textOf('out'), stderr: () => textOf('err')}
  }

  const windows: Windows = {
    folder,
    async install(source, as) {
      const kind = as.endsWith('.dll') ? ['-shared'] : ['-municode']
      const target = join(prefix, SYSTEM, as)
      await mkdir(join(target, '..'), {recursive: true})
      await rm(target, {force: true})
      await execa(COMPILER, [
        '-O1',
        '-Wall',
        '-Wno-unused-function',
        '-Werror',
        ...kind,
        '-o',
        target,
        join(STAND_INS, source),
        '-lole32',
        '-luuid',
        '-lcrypt32',
      ])
    },
    uninstall: as => rm(join(prefix, SYSTEM, as), {force: true}),
    async node(args, more = {}) {
      const {child, stdout, stderr} = await start(args, more)
      const [code] = (await once(child, 'exit')) as [number | null]
      return {exitCode: code ?? -1, stdout: await stdout(), stderr: await stderr()}
    },
    async startNode(args, more = {}) {
      const {child, stdout, stderr} = await start(args, more)
      return {
        process: child,
        stdout,
        stderr,
        async [Symbol.asyncDispose]() {
          if (child.exitCode !== null || child.signalCode !== null) return
          child.kill('SIGKILL')
          await once(child, 'exit')
        },
      }
    },
    async [Symbol.asyncDispose]() {
      // With it end all programs of this prefix.
      await execa(wineserver, ['-k'], {...quiet, reject: false})
      await execa(wineserver, ['-w'], {...quiet, reject: false})
      await rm(folder, {recursive: true, force: true})
    },
  }
  try {
    // By itself it ends seconds after the last program, and a program that starts in that moment fails.
    await mkdir(prefix)
    await execa(wineserver, [`-p${LINGERS_SECONDS}`], quiet)
    await execa(wine, ['wineboot', '--init'], quiet)
    // By itself it is an older Windows, for which Node does not start.
    await execa(wine, ['reg', 'add', 'HKCU\\Software\\Wine', '/v', 'Version', '/d', 'win10', '/f'], quiet)
    return windows
  } catch (error) {
    await windows[Symbol.asyncDispose]()
    throw error
  }
}
