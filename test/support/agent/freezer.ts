import {accessSync, constants} from 'node:fs'
import {mkdir, readdir, readFile, rmdir, writeFile} from 'node:fs/promises'
import {setTimeout as sleep} from 'node:timers/promises'
import {describeWhere} from '../describe-where.ts'

const FREEZERS = '/sys/fs/cgroup/freezer'
const NAME = 'npm-agent-test-'

/** A `describe` for tests with tools that cannot be killed. */
export function describeFrozen(name: string, body: () => void): void {
  describeWhere(freezerMissing(), name, body)
}

function freezerMissing(): string | undefined {
  try {
    accessSync(`${FREEZERS}/cgroup.procs`, constants.W_OK)
    return undefined
  } catch {
    return `it needs root and a freezer of cgroup version 1 in ${FREEZERS}: what version 2 has frozen can be killed`
  }
}

/** A frozen cgroup. A process in it is in state D: SIGKILL does not end it until the cgroup thaws. */
export interface Freezer extends AsyncDisposable {
  /** Shell commands that put the shell itself into the cgroup: it stops there. */
  readonly enter: string
  /** The processes that are in it. */
  processes(): Promise<number[]>
  thaw(): Promise<void>
}

/** Makes a freezer. At its end, what is in it is killed, and it is removed; so are those of test runs that were killed. */
export async function openFreezer(): Promise<Freezer> {
  for (const name of await readdir(FREEZERS))
    if (name.startsWith(NAME) && !isThere(Number(name.slice(NAME.length).split('-')[0])))
      await remove(`${FREEZERS}/${name}`).catch(() => {})
  const folder = `${FREEZERS}/${NAME}${process.pid}-${performance.now()}`
  await mkdir(folder)
  await writeFile(`${folder}/freezer.state`, 'FROZEN')
  return {
    enter: `echo $$ > ${folder}/cgroup.procs`,
    processes: () => processesOf(folder),
    thaw: () => writeFile(`${folder}/freezer.state`, 'THAWED'),
    [Symbol.asyncDispose]: () => remove(folder),
  }
}

const processesOf = async (folder: string): Promise<number[]> =>
  (await readFile(`${folder}/cgroup.procs`, 'utf8')).split('\n').filter(Boolean).map(Number)

async function remove(folder: string): Promise<void> {
  for (const pid of await processesOf(folder)) process.kill(pid, 'SIGKILL')
  await writeFile(`${folder}/freezer.state`, 'THAWED')
  for (let tries = 0; (await processesOf(folder)).length > 0 && tries < 200; tries++) await sleep(50)
  await rmdir(folder)
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
