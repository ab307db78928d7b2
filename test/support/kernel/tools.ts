import {execFileSync} from 'node:child_process'

export type Backend = 'nft' | 'legacy'
export const backends: readonly Backend[] = ['nft', 'legacy']

// One harmless command per tool. Each is run in a namespace of its own, so what is tried is the tool, the kernel module
// behind it and our right to make namespaces.
const trials: readonly (readonly string[])[] = [
  ['ip', 'link'],
  ['ipset', 'list', '-name'],
  ['iptables-nft', '--wait', '60', '--list-rules'],
  ['iptables-legacy', '--wait', '60', '--list-rules'],
  ['conntrack', '--count'],
  ['nft', 'list', 'tables'],
]

let found: {missing?: string} | undefined

/** Says why tests on the real kernel cannot run here; an empty answer means they can. */
export function kernelTools(): {missing?: string} {
  found ??= findTools()
  return found
}

function findTools(): {missing?: string} {
  if (process.platform !== 'linux') return {missing: `this is ${process.platform}, not Linux`}
  if (process.getuid?.() !== 0) return {missing: 'not root'}
  for (const trial of trials) {
    try {
      execFileSync('unshare', ['--net', ...trial], {stdio: 'pipe', env: {...process.env, XTABLES_LOCKFILE: '/dev/null'}})
    } catch (error) {
      const said = (error as {stderr?: Buffer}).stderr?.toString().trim().split('\n')[0] ?? ''
      return {missing: `${trial[0]} does not work here (${said || (error as Error).message}); see scripts/install-tools.sh`}
    }
  }
  return {}
}
