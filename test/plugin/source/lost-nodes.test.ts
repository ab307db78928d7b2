import {cp, mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {fixture, runCli, screen} from '../../support/plugin/run-cli.ts'
import {type TemporaryFolder, temporaryFolder} from '../../support/temporary-folder.ts'

/*
 * A dump of four nodes: of one all is there and proven, one could not be read, one gave its sets only, and the folder of one is gone.
 */

const RULES_FAILED = {
  node: 'aks-sets',
  document: 'iptables-nft-save.txt',
  message: 'iptables-nft-save is not there',
  next: 'Install it.',
}
const manifest = {
  apiVersion: 'kubectl-npm/v1',
  kind: 'Dump',
  formatVersion: 1,
  id: 'd-1',
  takenAt: '2026-03-01T03:00:00Z',
  nodes: ['aks-whole', 'aks-sets', 'aks-gone'].map(name => ({name, folder: `nodes/${name}`, documents: []})),
  failures: [
    {node: 'aks-away', message: 'its agent did not answer within 10 s', next: 'See how far it is: kubectl npm status'},
    RULES_FAILED,
  ],
}

describe('a dump without some of its nodes', () => {
  let folder: TemporaryFolder
  beforeAll(async () => {
    folder = await temporaryFolder()
    const whole = join(folder.path, 'nodes/aks-whole')
    const sets = join(folder.path, 'nodes/aks-sets')
    for (const each of [whole, sets]) {
      await mkdir(each, {recursive: true})
      await cp(fixture('real-npm/shop-sha256/ipset-save.txt'), join(each, 'ipset-save.txt'))
    }
    await cp(fixture('real-npm/shop-sha256/iptables-save.txt'), join(whole, 'iptables-nft-save.txt'))
    await cp(fixture('real-npm/shop-sha256/cluster.json'), join(folder.path, 'cluster.json'))
    await writeFile(join(folder.path, 'dump.json'), JSON.stringify(manifest))
  })
  afterAll(() => folder[Symbol.asyncDispose]())

  test('verifies the others, tells of which nothing is known, and ends with 2', async () => {
    const result = await runCli(['verify', '--from', folder.path])
    await expect(screen(result).replaceAll(folder.path, 'dump')).toMatchFileSnapshot('../../golden/verify-lost-nodes.txt')
    expect(result.exitCode).toBe(2)
  })

  test('is proven for the node that is there', async () => {
    const {stdout, exitCode} = await runCli(['verify', '--from', folder.path, '--node', 'aks-whole', '-o', 'json'])
    expect(JSON.parse(stdout)).toMatchObject({kind: 'Verification', node: 'aks-whole', result: 'proven'})
    expect(exitCode).toBe(0)
  })

  test.each([
    [2, 'aks-away', 'error: node aks-away: its agent did not answer within 10 s\n  See how far it is'],
    [2, 'aks-gone', 'error: node aks-gone: the dump names it, and none of its files are there'],
    [2, 'aks-sets', 'error: no rules of node aks-sets are in the input'],
    // The objects of its cluster know no such node.
    [1, 'aks-other', 'error: --node aks-other: the input holds no such node'],
  ])('exits %i and says why nothing is known of %s', async (code, node, message) => {
    const {stdout, stderr, exitCode} = await runCli(['verify', '--from', folder.path, '--node', node])
    expect(stderr).toContain(message)
    expect([stdout, exitCode]).toEqual(['', code])
  })
})
