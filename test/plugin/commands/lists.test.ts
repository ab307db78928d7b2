import {describe, expect, test} from 'vitest'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'

/** Flags that lists have in common do the same in every verb. */

const dump = fixture('real-npm/shop-sha256')
const lists = [
  {list: 'policies', args: ['policies', dump], header: /^NAMESPACE +NAME/, column: 'pods'},
  {list: 'sets', args: ['sets', '--from', dump], header: /^SET +TYPE/, column: 'members'},
  {list: 'metrics', args: ['metrics', dump], header: /^METRIC +VALUE/, column: 'value'},
  {list: 'findings of lint', args: ['lint', dump, '--level', 'info', '-o', 'wide'], header: /^LEVEL +CODE/, column: 'message'},
  {list: 'resolved names', args: ['resolve', 'app=web', 'shop/web'], header: /^NAME +TYPE/, column: 'meaning'},
]

describe.each(lists)('$list', ({args, header, column}) => {
  test('begins with a header unless --no-headers leaves it out, and has another order by --sort-by', async () => {
    const [plain, bare, sorted, wrong] = await Promise.all([
      runCli(args),
      runCli([...args, '--no-headers']),
      runCli([...args, '--sort-by', column]),
      runCli([...args, '--sort-by', 'nothing']),
    ])
    expect(plain.stdout).toMatch(header)
    expect(bare.stdout).not.toMatch(header)
    expect(sorted.stdout).not.toBe(plain.stdout)
    expect(sorted.stdout.split('\n').toSorted()).toEqual(plain.stdout.split('\n').toSorted())
    expect([wrong.stderr, wrong.exitCode]).toEqual([
      expect.stringContaining('error: --sort-by nothing: there is no such column\n'),
      2,
    ])
    expect(wrong.stderr).toContain('Choose one of ')
  })
})

test('sorted items are sorted in a document, too', async () => {
  const {stdout} = await runCli(['sets', '--from', dump, '--sort-by', 'name', '-o', 'jsonpath={.items[*].name}'])
  const names = stdout.trim().split(' ')
  expect(names).toEqual(names.toSorted(new Intl.Collator('en', {numeric: true}).compare))
  const unsorted = await runCli(['sets', '--from', dump, '-o', 'jsonpath={.items[*].name}'])
  expect(unsorted.stdout).not.toBe(stdout)
})

test.each([
  {args: ['translate', dump], name: 'networkpolicy.networking.k8s.io/shop/web'},
  {args: ['lint', dump, '--level', 'info'], name: 'networkpolicy.networking.k8s.io/shop/web'},
  {args: ['metrics', dump], name: 'npm_num_ipsets'},
  {args: ['resolve', 'app=web'], name: 'podlabel-app:web'},
])('$args -o name prints names and nothing else', async ({args, name}) => {
  const {stdout} = await runCli([...args, '-o', 'name'])
  const lines = stdout.trim().split('\n')
  expect(lines).toContain(name)
  expect(new Set(lines).size).toBe(lines.length)
  expect(lines.filter(line => line.includes(' '))).toEqual([])
})

test.each([['-f'], ['--from'], ['--filename']])('%s names what is read, in every verb', async flag => {
  const policies = await runCli(['policies', flag, dump, '--no-headers'])
  expect(policies.stdout).toContain('default-deny')
  const compiled = await runCli(['compile', flag, `${dump}/cluster.json`, '-o', 'ipset'])
  expect(compiled.stdout).toMatch(/^-N azure-npm-/m)
})

test('csv without headers begins with the first pair', async () => {
  const args = ['matrix', '--from', fixture('ways/cluster.json'), '--ports', '80-81', '-o', 'csv']
  const [whole, bare] = [await runCli(args), await runCli([...args, '--no-headers'])]
  expect(whole.stdout).toBe(`source,destination,protocol,port,verdict,expected\n${bare.stdout}`)
})
