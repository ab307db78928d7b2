import {closeSync, openSync} from 'node:fs'
import type {KernelTools} from '../../../agent/live/kernel-counters.ts'
import {loadKoffi} from '../../../agent/native/koffi.ts'
import {loadNetlink, type OpenNetlink} from '../../../agent/netlink/socket.ts'
import {run, start} from '../../../agent/node/run.ts'
import type {Namespace} from '../kernel/namespace.ts'

const CLONE_NEWNET = 0x40000000

/** What an agent reads counters by, as if it ran in a namespace; and which tools it has started so far. */
export async function toolsInside({name}: Pick<Namespace, 'name'>) {
  const inside = (command: string, args: readonly string[]) => ['netns', 'exec', name, command, ...args]
  const started: string[] = []
  const netlink = await netlinkInside(name)
  return {
    started,
    run: (command, args, options) => run('ip', inside(command, args), options),
    start: (command, args, options) => {
      started.push(command)
      return start('ip', inside(command, args), options)
    },
    legacyTables: async () => undefined,
    netlink: async () => netlink,
  } satisfies KernelTools & {started: string[]}
}

/** A socket stays in the namespace in which its thread was when it opened it. */
async function netlinkInside(name: string): Promise<OpenNetlink> {
  const [open, koffi] = [await loadNetlink(), await loadKoffi()]
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
