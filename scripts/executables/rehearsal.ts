import {globSync} from 'node:fs'
import {join} from 'node:path'
import {OTHERS} from './names.ts'

/** What `inside/rehearse.ts` is given. */
export interface Rehearsal {
  /** Command lines behind `kubectl-npm`, by their kind. */
  readonly lines: Readonly<Record<string, readonly (readonly string[])[]>>
  /** Of V8's switches, what they are put back to before a cache is made: in an executable they are as V8 has them. */
  readonly restored: readonly string[]
}

const root = join(import.meta.dirname, '../..')
const shop = join(root, 'examples', 'shop')
const objects = join(shop, 'cluster.json')
const [rules, sets] = ['iptables-nft-save.txt', 'ipset-save.txt'].map(name => join(shop, 'nodes', 'aks-shop-1', name)) as [
  string,
  string,
]
const verbs = globSync('*.ts', {cwd: join(root, 'plugin', 'commands')}).flatMap(name =>
  name === 'index.ts' ? [] : name.slice(0, -3),
)

/**
 * What people do with files, all outputs written to nowhere. Each function that runs in it is one that an executable need not compile: it should
 * be what is common to many command lines of a kind, and not more, as what is there has to be loaded with its piece.
 */
export const rehearsedLines: Rehearsal['lines'] = {
  [OTHERS]: [['--version'], ['--help'], ['options'], ...verbs.toSorted().map(verb => ['help', verb]), ['__complete', 'tra']],
  sets: [
    ['translate', '--from', rules, '--from', sets],
    ['translate', '--from', shop, '--all', '--color', 'always'],
    ['sets', '--from', shop],
    ['resolve', 'app=web', '--from', shop],
  ],
  packets: [
    ['trace', 'shop/web-1', 'shop/api-0', '--port', '8080', '--from', shop],
    ['matrix', '--ports', '8080', '--from', shop],
  ],
  differences: [
    ['diff', '--from', shop],
    ['verify', '--from', shop],
    ['policies', '--from', shop],
    ['describe', 'shop/web-1', '--from', shop],
  ],
  objects: [
    ['compile', '-f', objects],
    ['compile', '-f', join(root, 'examples', 'policies.yaml'), '-o', 'ipset'],
    ['lint', '-f', objects],
  ],
}

/**
 * Nothing that depends on the machine, the hour or chance goes into a cache: the same functions are compiled, and none is optimised. No memory is
 * collected: when that is done depends on the hour, and it is seen in a cache. Of equal strings one takes the place of the others, which code notes
 * that compares them; and gaps between fields keep what lay there before.
 */
const flags = [
  {fixed: '--predictable'},
  {fixed: '--random-seed=1'},
  {fixed: '--hash-seed=1', restored: '--hash-seed=0'},
  {fixed: '--no-sparkplug', restored: '--sparkplug'},
  {fixed: '--no-profile-guided-optimization', restored: '--profile-guided-optimization'},
  {fixed: '--max-optimized-bytecode-size=0', restored: '--max-optimized-bytecode-size=61440'},
  // In megabytes; what a rehearsal does not need is only reserved.
  {fixed: '--min-semi-space-size=1024', restored: '--min-semi-space-size=0'},
  {fixed: '--max-semi-space-size=1024', restored: '--max-semi-space-size=0'},
  {fixed: '--no-incremental-marking', restored: '--incremental-marking'},
]

/** What Node is started with for a rehearsal. */
export const rehearsalFlags: readonly string[] = flags.map(({fixed}) => fixed)
/** What is put back before a cache is made. */
export const restoredFlags: readonly string[] = flags.flatMap(({restored}) => restored ?? [])
