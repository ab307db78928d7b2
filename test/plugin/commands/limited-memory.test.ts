import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {fc} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import {largePolicies} from '../../support/large-policies.ts'
import {runCli} from '../../support/plugin/run-cli.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

/*
 * Inputs of some kilobytes that ask for more than any machine has: every verb ends with an answer or a refusal, in a process
 * with a small heap. The time is an upper bound only.
 */

const TIMEOUT_MS = 110_000

async function run(megabytes: number, args: readonly string[]) {
  const result = await runCli(args, {env: {NODE_OPTIONS: `--max-old-space-size=${megabytes}`}, timeoutMs: TIMEOUT_MS})
  expect(result.stderr).not.toMatch(/heap|fault of kubectl npm/)
  expect([0, 1, 2]).toContain(result.exitCode)
  return result
}

const pod = (index: number) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {name: `p${index}`, namespace: 'tenant', labels: {a: `b${index}`}},
  spec: {containers: []},
  status: {phase: 'Running', podIP: `10.0.0.${index}`},
})
const objects = (policies: readonly object[]): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: [{apiVersion: 'v1', kind: 'Namespace', metadata: {name: 'tenant'}}, pod(1), pod(2), pod(3), ...policies],
  })

describe('policies of a few kilobytes that combine to half a million rules', () => {
  test.each([['lint'], ['compile']])('%s', async verb => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'policies.json')
    await writeFile(file, objects(largePolicies(30)))
    const {stdout} = await run(200, [verb, '-f', file])
    expect(stdout).toContain('large-29')
  })
})

const [OPEN, COMMIT] = ['*filter\n:FORWARD ACCEPT [0:0]', 'COMMIT\n']
const saved = (chains: readonly string[], rules: readonly string[]): string =>
  [OPEN, ...['AZURE-NPM', ...chains].map(chain => `:${chain} - [0:0]`), '-A FORWARD -j AZURE-NPM', ...rules, COMMIT].join('\n')
const chainNames = (count: number): string[] => Array.from({length: count}, (_, index) => `C${index}`)
const doubling = chainNames(60).flatMap((chain, index) => Array<string>(2).fill(`-A ${chain} -j C${index + 1}`))
const listed = Array.from({length: 5000}, (_, index) => `azure-npm-${index}`)

/** A few chains whose rules call any of them. */
const anyChains = fc
  .array(fc.tuple(fc.nat(4), fc.constantFrom('', '-i eth0 ', '-m u32 --u32 0 '), fc.constantFrom('-j', '-g'), fc.nat(4)), {
    minLength: 6,
    maxLength: 16,
  })
  .map(rules => rules.map(([from, condition, flag, to]) => `-A C${from} ${condition}${flag} C${to}`))

const programs: readonly {readonly what: string; readonly rules: string; readonly sets?: string}[] = [
  {what: '2^60 ways', rules: saved(chainNames(61), ['-A AZURE-NPM -j C0', ...doubling])},
  {what: 'a circle', rules: saved(['C0', 'C1'], ['-A AZURE-NPM -j C0', '-A C0 -j C1', '-A C1 -j C0'])},
  {
    what: '5,000 rules with unknown conditions',
    rules: saved(
      [],
      Array.from({length: 5000}, (_, index) => `-A AZURE-NPM -m u32 --u32 ${index} -j DROP`),
    ),
  },
  {
    what: 'a list of 5,000 sets under 2,000 rules',
    rules: saved([], Array<string>(2000).fill('-A AZURE-NPM -m set --match-set azure-npm-9999999 src -j DROP')),
    sets: [
      ...listed.map(name => `create ${name} hash:net family inet hashsize 64 maxelem 65536`),
      'create azure-npm-9999999 list:set size 8',
      ...listed.map(name => `add azure-npm-9999999 ${name}`),
    ].join('\n'),
  },
  ...fc
    .sample(anyChains, {numRuns: 3, seed: 7})
    .map((rules, index) => ({what: `random chains ${index}`, rules: saved(chainNames(5), ['-A AZURE-NPM -j C0', ...rules])})),
]

describe.each(programs)('a node with $what', ({rules, sets = 'create azure-npm-1 hash:net family inet maxelem 65536'}) => {
  test.each([['trace', 'tenant/p1', 'tenant/p2', '--port', '80'], ['matrix', '--ports', '80'], ['diff']])(
    '%s',
    async (...args) => {
      await using folder = await temporaryFolder()
      await writeFile(join(folder.path, 'rules.txt'), rules)
      await writeFile(join(folder.path, 'sets.txt'), `${sets}\n`)
      await writeFile(join(folder.path, 'cluster.json'), objects([]))
      await run(150, [...args, '--from', folder.path])
    },
  )
})
