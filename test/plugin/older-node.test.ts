import {existsSync} from 'node:fs'
import {delimiter, join} from 'node:path'
import {execa} from 'execa'
import {describe, expect, test} from 'vitest'
import {kubectlNpm} from '../support/built-programs.ts'
import {fixture} from '../support/plugin/run-cli.ts'

/** People read a dump with whatever Node they have: on Node 20, which Debian and many images still bring, verbs say what they say on ours. */

async function olderNode(): Promise<string | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin']
  for (const node of new Set(folders.map(folder => join(folder, 'node')).filter(existsSync))) {
    const {stdout} = await execa(node, ['--version'], {reject: false})
    if (/^v2[0-3]\./.test(stdout)) return node
  }
  return undefined
}

const node = await olderNode()
const name = node === undefined ? 'Node 20 (skipped: no node of version 20 to 23 is on PATH or in /usr/bin)' : 'Node 20'

describe.skipIf(node === undefined)(name, () => {
  const nodes = fixture('two-nodes')
  const bakery = fixture('captures/v2-base36-nft')

  test.each([
    ['translate', nodes],
    ['sets', '--from', nodes, '-o', 'jsonpath={.items[*].node}'],
    ['resolve', 'azure-npm-784554818', '--from', bakery],
    ['trace', 'bakery/oven-0', 'bakery/oven-1', '--port', '80', '--from', nodes],
    ['matrix', bakery, '--ports', '80'],
    ['diff', nodes],
    ['verify', bakery],
    ['policies', nodes],
    ['metrics', nodes],
    ['top', nodes, '--once'],
    ['flows', 'denied', '--from', nodes],
    ['lint', fixture('lint/policies'), '-o', 'junit'],
    ['compile', join(bakery, 'cluster.yaml'), '-o', 'iptables'],
    ['translate', fixture('hns')],
    ['translate', '--help'],
    ['trnslate'],
  ])('%s', async (...args) => {
    const env = {NO_COLOR: '1', KUBECONFIG: '/no/such/kubeconfig', KUBERNETES_SERVICE_HOST: ''}
    const run = (program: string) => execa(program, [kubectlNpm, ...args], {reject: false, env, input: ''})
    const [older, ours] = [await run(node as string), await run(process.execPath)]
    expect(older.stderr).not.toContain('fault of kubectl npm itself')
    expect([older.stdout, older.stderr, older.exitCode]).toEqual([ours.stdout, ours.stderr, ours.exitCode])
    expect(older.stdout + older.stderr).not.toBe('')
  })
})
