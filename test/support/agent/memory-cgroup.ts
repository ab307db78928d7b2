import {accessSync, constants, existsSync, readFileSync} from 'node:fs'
import {mkdir, readdir, readFile, rmdir, writeFile} from 'node:fs/promises'
import {setTimeout as sleep} from 'node:timers/promises'
import {describeWhere} from '../describe-where.ts'

const VERSION_1 = {folder: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', kills: 'memory.oom_control'}
const VERSION_2 = {folder: '/sys/fs/cgroup', limit: 'memory.max', kills: 'memory.events'}
const NAME = 'npm-agent-test-'

/** The memory controller of this machine, if tests may make a cgroup of it. */
function memoryController(): typeof VERSION_1 | undefined {
  try {
    const isVersion1 = existsSync(`${VERSION_1.folder}/${VERSION_1.limit}`)
    if (!isVersion1 && !readFileSync(`${VERSION_2.folder}/cgroup.subtree_control`, 'utf8').includes('memory')) return undefined
    const controller = isVersion1 ? VERSION_1 : VERSION_2
    accessSync(`${controller.folder}/cgroup.procs`, constants.W_OK)
    return controller
  } catch {
    return undefined
  }
}

/** A `describe` for tests in a memory cgroup. */
export function describeMemoryCgroup(name: string, body: () => void): void {
  describeWhere(memoryController() ? undefined : 'it needs root and the memory controller in /sys/fs/cgroup', name, body)
}

/** A cgroup whose processes may take so much memory together, as those of a container. */
export interface MemoryCgroup extends AsyncDisposable {
  /** A shell command that puts the shell itself into the cgroup. */
  readonly enter: string
  /** How many processes the kernel has killed for want of memory. */
  kills(): Promise<number>
}

/** Makes a cgroup. At its end, what is in it is killed, and it is removed; so are those of test runs that were killed. */
export async function openMemoryCgroup(limitBytes: number): Promise<MemoryCgroup> {
  const controller = memoryController()
  if (!controller) throw new Error('there is no memory controller here')
  const {folder: parent, limit, kills} = controller
  for (const name of await readdir(parent))
    if (name.startsWith(NAME) && !existsSync(`/proc/${name.slice(NAME.length).split('-')[0]}`))
      await remove(`${parent}/${name}`).catch(() => {})
  const folder = `${parent}/${NAME}${process.pid}-${performance.now()}`
  await mkdir(folder)
  await writeFile(`${folder}/${limit}`, String(limitBytes))
  return {
    enter: `echo $$ > ${folder}/cgroup.procs`,
    kills: async () => Number(/^oom_kill (\d+)$/m.exec(await readFile(`${folder}/${kills}`, 'utf8'))?.[1]),
    [Symbol.asyncDispose]: () => remove(folder),
  }
}

async function remove(folder: string): Promise<void> {
  const processes = async () => (await readFile(`${folder}/cgroup.procs`, 'utf8')).split('\n').filter(Boolean).map(Number)
  for (const pid of await processes()) process.kill(pid, 'SIGKILL')
  for (let tries = 0; (await processes()).length > 0 && tries < 200; tries++) await sleep(50)
  await rmdir(folder)
}
