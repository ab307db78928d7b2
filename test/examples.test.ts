import {readFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import {expect, test} from 'vitest'
import {parseAllDocuments} from 'yaml'
import {kubectlNpm} from './support/built-programs.ts'
import {describeKernel} from './support/kernel/describe.ts'

const path = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url))

test('the cluster of the example has the policies of the file that is shown', () => {
  const shown = parseAllDocuments(readFileSync(path('examples/policies.yaml'), 'utf8')).map(document => document.toJS())
  const {items} = JSON.parse(readFileSync(path('examples/shop/cluster.json'), 'utf8')) as {items: {kind: string}[]}
  expect(items.filter(({kind}) => kind === 'NetworkPolicy')).toEqual(shown)
})

describeKernel('the broken node of the example, in a kernel', () => {
  /** As the tutorial shows it, with a folder for what is written. */
  const onNode = async (script: string) => {
    const {stdout, exitCode} = await execa(
      'sh',
      [path('examples/on-node.sh'), 'sh', '-euc', script, process.execPath, kubectlNpm],
      {
        cwd: path('.'),
        reject: false,
      },
    )
    return {stdout, exitCode}
  }

  test('is repaired as the tutorial plans it, but for the rule of the other program', async () => {
    const {stdout, exitCode} = await onNode(`
      state=$(mktemp -d)
      trap 'rm -r "$state"' EXIT
      "$0" "$1" apply --local -f examples/shop/cluster.json --yes --state-dir "$state" >/dev/null
      "$0" "$1" diff --local --from examples/shop/cluster.json || true`)
    expect(exitCode).toBe(0)
    expect(stdout).toContain('node aks-shop-1: 1 thing wrong, 2 departures of Azure NPM from the policies')
    expect(stdout).toContain('accepts packets before Azure NPM judges: -s 10.8.0.0/24 -m comment --comment vpn -j ACCEPT')
  })
})
