import {readdirSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {fixture, runCli, screen} from './run-cli.ts'

/**
 * What a person reads for real dumps, kept as files. When one changes, read the difference as that person would before
 * taking it over with `vitest -u`.
 */
const dumps = [
  ...readdirSync(fixture('captures'))
    .filter(name => !name.includes('.'))
    .map(name => `captures/${name}`),
  ...readdirSync(fixture('real-npm'))
    .filter(name => !name.includes('.'))
    .map(name => `real-npm/${name}`),
]
const golden = (name: string) => `../golden/${name.replaceAll('/', '-')}.txt`

describe('translate', () => {
  test.each(dumps)('%s reads as it did', async dump => {
    await expect(screen(await runCli(['translate', '--from', fixture(dump), '-o', 'wide']))).toMatchFileSnapshot(
      golden(`${dump}-wide`),
    )
  })

  test.each(['captures/v2-base36-nft', 'captures/v2-decimal-legacy', 'captures/v1-nft', 'captures/mixed-nft'])(
    '%s reads as it did from the rules alone',
    async dump => {
      const result = await runCli(['translate', '--from', fixture(`${dump}/iptables-save.txt`)])
      await expect(screen(result)).toMatchFileSnapshot(golden(`${dump}-rules-only`))
    },
  )

  test.each(['captures/v2-base36-nft', 'captures/v1-legacy'])('%s has the same rules as readable save', async dump => {
    const result = await runCli(['translate', '--from', fixture(dump), '-o', 'iptables'])
    await expect(screen(result)).toMatchFileSnapshot(golden(`${dump}-iptables`))
  })

  test('yaml holds what json holds', async () => {
    await expect(
      screen(await runCli(['translate', '--from', fixture('captures/v2-base36-nft'), '-o', 'yaml'])),
    ).toMatchFileSnapshot(golden('captures/v2-base36-nft-yaml'))
  })
})

describe('sets', () => {
  test.each(['captures/v2-base36-nft', 'captures/v1-nft', 'real-npm/clinic-fnv'])('%s lists as it did', async dump => {
    await expect(screen(await runCli(['sets', '--from', fixture(dump), '-o', 'wide']))).toMatchFileSnapshot(
      golden(`${dump}-sets`),
    )
  })

  test('single sets show members, pods and the sets in a list', async () => {
    const names = [
      'app=oven',
      'nestedlabel-bakery/line:line:rye:wheat',
      'cidr-ledger-in-ns-books:in-ns:bakery-0-0IN',
      'namedport:ui',
    ]
    const result = await runCli(['sets', ...names, '--from', fixture('captures/v2-base36-nft')])
    await expect(screen(result)).toMatchFileSnapshot(golden('sets-named'))
  })
})

describe('usage', () => {
  test.each([[[]], [['translate']], [['sets']], [['resolve']]])('help of %j reads as it did', async verb => {
    const result = await runCli([...verb, '--help'])
    const text = screen({...result, stdout: result.stdout.replace(/kubectl-npm\/\S+ .*/, 'kubectl-npm/VERSION')})
    await expect(text).toMatchFileSnapshot(golden(`help-${verb.join('-') || 'all'}`))
  })
})
