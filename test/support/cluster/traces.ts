import {existsSync} from 'node:fs'
import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {execa} from 'execa'

/** What there is of a cluster on the machine, by kind. */
export interface Traces {
  readonly folder: readonly string[]
  readonly links: readonly string[]
  readonly routes: readonly string[]
  readonly mounts: readonly string[]
  readonly cgroups: readonly string[]
  /** Everything that runs in it, pods too. */
  readonly processes: readonly string[]
}

export const noTraces: Traces = {folder: [], links: [], routes: [], mounts: [], cgroups: [], processes: []}

/** Looks at a real cluster that runs; what it returns tells how much of that is there later. */
export async function traceFinder(folder: string): Promise<() => Promise<Traces>> {
  const number = await readFile(join(folder, 'number'), 'utf8')
  const members = await descendants(await readFile(join(folder, 'init'), 'utf8'))
  const lines = async (command: string, args: readonly string[]) => (await execa(command, args)).stdout.split('\n')
  return async () => {
    const now = await processes()
    return {
      folder: existsSync(folder) ? [folder] : [],
      links: (await lines('ip', ['-o', 'link'])).filter(line => line.includes(` kube${number}`)),
      routes: (await lines('ip', ['-4', 'route'])).filter(line => line.includes(`10.${number}.`)),
      mounts: (await readFile('/proc/self/mounts', 'utf8')).split('\n').filter(line => line.includes(folder)),
      cgroups: (await readdir('/sys/fs/cgroup/memory')).filter(name => name === `kube${number}`),
      processes: members
        .filter(({id, startTime}) => now.some(each => each.id === id && each.startTime === startTime))
        .map(({id}) => id),
    }
  }
}

/** The settings that a kubelet changes for the whole machine, unless it is kept from it. */
export function machineSettings(): Promise<string[]> {
  const names = ['vm/overcommit_memory', 'vm/panic_on_oom', 'kernel/panic', 'kernel/panic_on_oops', 'kernel/keys/root_maxbytes']
  return Promise.all(names.map(name => readFile(`/proc/sys/${name}`, 'utf8')))
}

interface Process {
  readonly id: string
  readonly parent: string
  /** Tells it from a later one with the same number. */
  readonly startTime: string
}

async function descendants(id: string): Promise<Process[]> {
  const all = await processes()
  const found = all.filter(each => each.id === id)
  // A list that grows while it is walked: children of children.
  for (const {id} of found) found.push(...all.filter(({parent}) => parent === id))
  return found
}

async function processes(): Promise<Process[]> {
  const stats = await ofAllProcesses('stat')
  return stats.flatMap(({id, text}) => {
    // The name, in brackets, may hold anything. Behind it: state, parent, and far behind the start time. A zombie has ended.
    const [state = '', parent = '', ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' ? [] : [{id, parent, startTime: rest[17] ?? ''}]
  })
}

/** The command lines that hold a text, words parted by blanks. */
export async function commandLinesWith(text: string): Promise<string[]> {
  const lines = (await ofAllProcesses('cmdline')).map(line => line.text.replaceAll('\0', ' '))
  return lines.filter(line => line.includes(text))
}

async function ofAllProcesses(file: string): Promise<{id: string; text: string}[]> {
  const ids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
  const texts = await Promise.all(
    ids.map(async id => ({id, text: await readFile(`/proc/${id}/${file}`, 'utf8').catch(() => '')})),
  )
  return texts.filter(({text}) => text !== '')
}
