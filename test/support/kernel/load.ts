import type {Namespace, Output} from './namespace.ts'
import type {Backend} from './tools.ts'

/** Feeds text to `ipset restore`. */
export async function loadSets(namespace: Namespace, text: string): Promise<void> {
  await namespace.run('ipset', ['restore'], {stdin: text})
}

/** Feeds text to `iptables-restore --noflush`, as Azure NPM does; unlike there, the text may hold any tables. */
export async function loadRules(namespace: Namespace, backend: Backend, text: string): Promise<void> {
  await namespace.run(`iptables-${backend}-restore`, ['-w', '60', '--noflush'], {stdin: text})
}

/** Whether `iptables-restore` would take the text, without changing anything. */
export function testRules(namespace: Namespace, backend: Backend, text: string): Promise<Output> {
  return namespace.run(`iptables-${backend}-restore`, ['-w', '60', '--test'], {stdin: text, allowFailure: true})
}

/** `iptables-save` with counters. */
export async function saveRules(namespace: Namespace, backend: Backend): Promise<string> {
  return (await namespace.run(`iptables-${backend}-save`, ['-c'])).stdout
}

/** `ipset save` */
export async function saveSets(namespace: Namespace): Promise<string> {
  return (await namespace.run('ipset', ['save'])).stdout
}

/** `ipset list` */
export async function listSets(namespace: Namespace): Promise<string> {
  return (await namespace.run('ipset', ['list'])).stdout
}
