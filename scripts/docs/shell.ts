import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {chmod, mkdir, mkdtemp, open, readdir, readFile, rm, symlink, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {delimiter, join} from 'node:path'
import {execa} from 'execa'

const ROOT = join(import.meta.dirname, '../..')
const TIMEOUT_MS = 60_000
const PREFIX = 'kubectl-npm-docs-'

/** A shell in which `kubectl npm` is this program, without a cluster, a kubeconfig and a home. */
export interface DocumentedShell extends AsyncDisposable {
  /**
   * A folder with all that the root of this repository has, as links: what commands write does not come there.
   */
  folder(): Promise<string>
  /** Runs a command line in a folder. @returns what a terminal without colours would show */
  run(command: string, folder: string): Promise<string>
}

/** Asks the running program, which reads and writes at descriptors of who asks: copies, as a redirection takes the others for a moment. */
const asking = (shift: string) => `#!/bin/sh
${shift}
exec 3<&0 4>&1 5>&2
mkfifo "$ASK.$$"
printf '%s\\0' "$#" "$$" "$PWD" "$@" >"$ASK"
read -r code <"$ASK.$$"
rm "$ASK.$$"
exit "$code"
`

const KUBECTL = 'if [ "$1" != npm ]; then echo "error: no cluster here: kubectl $*" >&2; exit 1; fi\nshift'

/** Runs the program anew each time: where it runs is not where the one beside is. */
const starting = (shift: string) => `#!/bin/sh
${shift}
exec '${process.execPath}' '${join(ROOT, 'bin/kubectl-npm.ts')}' "$@"
`

/** The programs of a shell, its home and its environment, in a folder that is given. */
async function furnish(outer: string, program: (shift: string) => string): Promise<Record<string, string>> {
  const bin = join(outer, 'bin')
  const home = join(outer, 'home')
  await Promise.all([bin, home].map(folder => mkdir(folder)))
  await writeProgram(join(bin, 'kubectl'), program(KUBECTL))
  await writeProgram(join(bin, 'kubectl-npm'), program(':'))
  await writeProgram(join(bin, 'sudo'), '#!/bin/sh\nexec "$@"\n')
  return {
    PATH: [bin, process.env['PATH'] ?? ''].join(delimiter),
    HOME: home,
    LC_ALL: 'C.UTF-8',
    NO_COLOR: '1',
    // No such file: whoever runs this may have a cluster.
    KUBECONFIG: join(home, 'kubeconfig'),
    NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/node-compile'),
  }
}

async function makeFolder(folder: string): Promise<string> {
  await mkdir(folder)
  for (const name of await readdir(ROOT)) await symlink(join(ROOT, name), join(folder, name))
  return folder
}

/** Opens a shell, with the program running beside it. */
export async function openShell(): Promise<DocumentedShell> {
  const outer = await mkdtemp(join(tmpdir(), PREFIX))
  const ask = join(outer, 'ask')
  await execa('mkfifo', [ask])
  const env = {...(await furnish(outer, asking)), ASK: ask}
  const program = spawn(process.execPath, [join(import.meta.dirname, 'program.ts'), ask], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  let folders = 0
  return {
    folder: () => makeFolder(join(outer, `page-${folders++}`)),
    async run(command, folder) {
      const printed = await runLine(['sh', '-c', command], {folder, env, output: join(outer, 'output')})
      if (program.exitCode !== null) throw new Error(`${command}: the program has ended`)
      return printed
    },
    async [Symbol.asyncDispose]() {
      if (program.exitCode === null) {
        program.kill('SIGKILL')
        await once(program, 'exit')
      }
      await rm(outer, {recursive: true, force: true})
    },
  }
}

/** Where commands run as on a node: behind the tools for its namespaces. */
export interface Place {
  /** The network namespace that has the rules and sets of the node. */
  readonly namespace: string
  readonly hostName: string
}

/** Goes on in a place of its own: what is written to a node's /var/lib stays in a folder. */
const ENTER = 'hostname "$1" && mount --bind "$2" /var/lib && exec sh -c "$3"'

/** Opens a shell on a node that is a network namespace. Needs root. */
export async function openNodeShell({namespace, hostName}: Place): Promise<DocumentedShell> {
  const outer = await mkdtemp(join(tmpdir(), PREFIX))
  const env = {...(await furnish(outer, starting)), XTABLES_LOCKFILE: join(outer, 'xtables.lock')}
  const state = join(outer, 'state')
  await mkdir(state)
  const enter = ['ip', 'netns', 'exec', namespace, 'unshare', '--uts', '--mount', 'sh', '-c', ENTER, 'sh', hostName, state]
  let folders = 0
  return {
    folder: () => makeFolder(join(outer, `page-${folders++}`)),
    run: (command, folder) => runLine([...enter, command], {folder, env, output: join(outer, 'output')}),
    [Symbol.asyncDispose]: () => rm(outer, {recursive: true, force: true}),
  }
}

async function writeProgram(path: string, text: string): Promise<void> {
  await writeFile(path, text)
  await chmod(path, 0o755)
}

interface Surroundings {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  /** A file for what is printed: unlike Node's own pipes it can be opened by the program that is asked. */
  readonly output: string
}

async function runLine([file = '', ...args]: readonly string[], {folder, env, output}: Surroundings): Promise<string> {
  await writeFile(output, '')
  await using handle = await open(output, 'a')
  const child = spawn(file, args, {
    cwd: folder,
    env,
    stdio: ['ignore', handle.fd, handle.fd],
    timeout: TIMEOUT_MS,
  })
  const [, signal] = await once(child, 'close')
  if (signal !== null) throw new Error(`${args.at(-1)}: not done after ${TIMEOUT_MS / 1000} s`)
  return (await readFile(output, 'utf8')).replaceAll(folder, '.')
}
