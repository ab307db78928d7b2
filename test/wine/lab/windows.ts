import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdir, mkdtemp, open, readFile, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import {makePrefix, startServer, stopServer, wineEnvironment} from './prefix.ts'
import {COMPILER, type WindowsTools} from './requirements.ts'

const STAND_INS = fileURLToPath(new URL('../stand-ins', import.meta.url))
const SYSTEM = 'drive_c/windows/system32'

/** What our programs use of a newer Node, to be loaded in front of them. */
const NEWER_NODE = new URL('../programs/newer-node.mjs', import.meta.url)

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
  /** Where its drive C is on this system. */
  readonly drive: string
  /** Puts a stand-in into the folder of Windows' own files. @param source its file; @param as its place there */
  install(source: string, as: string): Promise<void>
  uninstall(as: string): Promise<void>
  /** The newest Node that Wine runs lacks what much of ours uses: parameters with which it has that. */
  readonly newerNode: readonly string[]
  /** Runs a program of Windows until it ends. Where it looks for programs first is in WINEPATH, in place of PATH. */
  run(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<WindowsResult>
  /** Runs Node for Windows until it ends. */
  node(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<WindowsResult>
  /** Starts it, to run beside the test. */
  startNode(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<WindowsProcess>
}

/** How long the first start on a busy machine may take, which makes the Windows that later ones share. */
export const FIRST_START_MS = 300_000

/** A path of this system as Windows programs have it. */
export const windowsPath = (path: string): string => `Z:${path.replaceAll('/', '\\')}`

export async function openWindows(tools: WindowsTools): Promise<Windows> {
  const folder = await mkdtemp(join(tmpdir(), 'kubectl-npm-wine-'))
  const prefix = await makePrefix(tools)
  const env = wineEnvironment(prefix)
  let runs = 0

  /** Of Wine's programs only files take the output as Node writes it: it takes no pipe for one. */
  async function start(program: string, args: readonly string[], more: Readonly<Record<string, string>>) {
    const output = join(folder, `run-${runs++}`)
    const [out, err] = [await open(`${output}.out`, 'w'), await open(`${output}.err`, 'w')]
    const child = spawn(tools.wine, [program, ...args], {
      env: {...env, ...more},
      stdio: ['ignore', out.fd, err.fd],
      cwd: folder,
    })
    await once(child, 'spawn')
    await Promise.all([out.close(), err.close()])
    const textOf = (ending: string) => readFile(`${output}.${ending}`, 'utf8')
    return {child, stdout: () => textOf('out'), stderr: () => textOf('err')}
  }

  const windows: Windows = {
    folder,
    drive: join(prefix, 'drive_c'),
    newerNode: ['--import', `file:///Z:${NEWER_NODE.pathname}`],
    async install(source, as) {
      const kind = as.endsWith('.dll') ? ['-shared'] : ['-municode']
      const target = join(prefix, SYSTEM, as)
      await mkdir(join(target, '..'), {recursive: true})
      // It may be shared with other prefixes.
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
    async run(program, args, more = {}) {
      const {child, stdout, stderr} = await start(program, args, more)
      const [code] = (await once(child, 'exit')) as [number | null]
      return {exitCode: code ?? -1, stdout: await stdout(), stderr: await stderr()}
    },
    node: (args, more) => windows.run(tools.node, args, more),
    async startNode(args, more = {}) {
      const {child, stdout, stderr} = await start(tools.node, args, more)
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
      await stopServer(prefix, tools.wineserver)
      for (const path of [folder, prefix]) await rm(path, {recursive: true, force: true})
    },
  }
  try {
    await startServer(prefix, tools.wineserver)
    return windows
  } catch (error) {
    await windows[Symbol.asyncDispose]()
    throw error
  }
}
