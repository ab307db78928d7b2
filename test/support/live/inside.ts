import {closeSync, openSync} from 'node:fs'
import type {KernelTools} from '../../../agent/live/kernel-counters.ts'
import {loadKoffi} from '../../../agent/native/koffi.ts'
import {loadNetlink} from '../../../agent/netlink/socket.ts'
import {run, start} from '../../../agent/node/run.ts'
import {loadXtables} from '../../../agent/xtables/socket.ts'
import type {Namespace} from '../kernel/namespace.ts'
import type {Backend} from '../kernel/tools.ts'

const CLONE_NEWNET = 0x40000000

/**
 * What an agent reads counters by, as if it ran in a namespace; and which tools it has started so far.
 *
 * @param backend of a node with nft alone nobody asks whether there are legacy tables
 */
export async function toolsInside({name}: Pick<Namespace, 'name'>, backend: Backend = 'nft') {
  const inside = (command: string, args: readonly string[]) => ['netns', 'exec', name, command, ...args]
  const started: string[] = []
  const [netlink, xtables] = [await netlinkInside(name), await xtablesInside(name)]
  return {
    started,
    run: (command, args, options) => run('ip', inside(command, args), options),
    start: (command, args, options) => {
      started.push(command)
      return start('ip', inside(command, args), options)
    },
    legacyTables: async () => (backend === 'legacy' ? legacyTables(name) : undefined),
    netlink: async () => netlink,
    xtables: async () => xtables,
  } satisfies KernelTools & {started: string[]}
}

const legacyTables = async (name: string) => {
  const {stdout} = await run('ip', ['netns', 'exec', name, 'cat', '/proc/self/net/ip_tables_names'])
  return Buffer.from(stdout).toString()
}

const netlinkInside = async (name: string) => openInside(name, await loadNetlink())
const xtablesInside = async (name: string) => openInside(name, await loadXtables())

/** A socket stays in the namespace in which its thread was when it opened it. */
async function openInside<Socket>(name: string, open: (() => Socket) | undefined): Promise<() => Socket> {
  const koffi = await loadKoffi()
  if (!open || !koffi) throw new Error('koffi cannot be loaded here')
  const setns = koffi.load(null).func('int setns(int fd, int kind)')
  const enter = (file: string) => {
    const fd = openSync(file, 'r')
    return () => {
      const result = setns(fd, CLONE_NEWNET)
      closeSync(fd)
      if (result !== 0) throw new Error(`setns ${file}: ${koffi.errno()}`)
    }
  }
  return () => {
    const back = enter('/proc/thread-self/ns/net')
    enter(`/run/netns/${name}`)()
    try {
      return open()
    } finally {
      back()
    }
  }
}
