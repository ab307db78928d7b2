import {readFile} from 'node:fs/promises'
import type {LiveSummary} from '../../core/contract/live.ts'

const FOLDER = '/proc/sys/net/netfilter'

/** How many connections the kernel tracks in this network namespace; null where it tracks none. Runs no tool. */
export async function connectionCount(folder = FOLDER): Promise<LiveSummary['connections']> {
  const [now, most] = await Promise.all(['nf_conntrack_count', 'nf_conntrack_max'].map(file => numberIn(`${folder}/${file}`)))
  return now === undefined ? null : {now, most: most ?? null}
}

async function numberIn(path: string): Promise<number | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text.trim() === '' ? undefined : Number(text)
}
