import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import {expect, test} from 'vitest'
import type {Plan} from '../../../core/contract/plan.ts'
import {type CliResult, fixture, screen} from '../../support/plugin/run-cli.ts'
import {WindowsLab} from '../../support/writer/windows-lab.ts'

/** Verbs that write, on an emulated Windows node, by the code that an agent writes with. */

const executable = fileURLToPath(new URL('../../support/writer/windows-cli.ts', import.meta.url))
const OBJECTS = ['cluster.json', 'policies.json'].flatMap(name => ['-f', fixture(`hns/${name}`)])
const DUMP = ['networks.json', 'endpoints.json'].flatMap(name => ['--from', fixture(`hns/${name}`)])

async function openNode(env: Readonly<Record<string, string>> = {}) {
  const lab = await WindowsLab.open()
  const run = async (...args: readonly string[]): Promise<CliResult> => {
    const local = args[0] === 'diff' ? ['--local'] : ['--local', '--state-dir', lab.stateDir]
    const result = await execa(process.execPath, [executable, ...args, ...local], {
      reject: false,
      stripFinalNewline: false,
      input: '',
      env: {NO_COLOR: '1', NODE_NAME: 'akswin000000', HNS_SOCKET: lab.socket, KUBECONFIG: '/no/such/kubeconfig', ...env},
    })
    const plain = (text: string) =>
      text
        .replaceAll(lab.stateDir, 'STATE')
        .replaceAll(/\d{4}-\d{8}T\d{6}Z/g, 'ID')
        .replaceAll(/\b\d+(?:\.\d+)? m?s\b/g, 'TIME')
    return {stdout: plain(result.stdout), stderr: plain(result.stderr), exitCode: result.exitCode ?? -1}
  }
  const diff = async () => (await run('diff', ...OBJECTS.map(each => (each === '-f' ? '--from' : each)))).exitCode
  return {lab, run, diff, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]()}
}

const golden = (name: string): string => `../../golden/${name}.txt`

test('a Windows node is repaired in place: look, apply, look, go back', async () => {
  await using node = await openNode()
  const {lab, run, diff} = node
  expect(await diff()).toBe(1)
  const dry = await run('apply', ...OBJECTS, '--dry-run')
  await expect(screen(dry)).toMatchFileSnapshot(golden('apply-windows-plan'))
  await expect(screen(await run('apply', ...OBJECTS, '--dry-run', '-o', 'lines'))).toMatchFileSnapshot(
    golden('apply-windows-lines'),
  )
  expect(await lab.state()).toBe('a')
  await expect(screen(await run('apply', ...OBJECTS, '--yes'))).toMatchFileSnapshot(golden('apply-windows'))
  expect(await lab.state()).toBe('b')
  expect(await diff()).toBe(0)
  expect(lab.broken()).toEqual([])
  await expect(screen(await run('rollback', '--yes'))).toMatchFileSnapshot(golden('rollback-windows'))
  expect(await lab.state()).toBe('a')
  expect(lab.broken()).toEqual([])
}, 120_000)

test('one policy of a Windows node is repaired, and nothing else', async () => {
  await using node = await openNode()
  const {run} = node
  const plan = JSON.parse((await run('apply', ...OBJECTS, '--policy', 'shop/cidrs', '--dry-run', '-o', 'json')).stdout) as Plan
  const {operations} = plan
  expect(operations.map(({tool, policy, reason}) => ({tool, policy, reason}))).toEqual([
    {tool: 'hns', policy: 'shop/cidrs', reason: 'it lacks 1 ACL'},
  ])
}, 60_000)

test('a Windows node becomes what a dump has, and is kept by a confirmation', async () => {
  await using node = await openNode()
  const {lab, run} = node
  const applying = run('apply', ...DUMP, '--yes', '--confirm-within', '10m')
  await expect.poll(() => run('confirm').then(({exitCode}) => exitCode)).toBe(0)
  expect(await applying).toMatchObject({stdout: expect.stringContaining('confirmed'), exitCode: 0})
  expect(await lab.state()).toBe('b')
}, 60_000)

test('what Azure NPM left on a Windows node is taken away, and nothing of others', async () => {
  await using node = await openNode()
  const {lab, run} = node
  await expect(screen(await run('apply', '--remove', '--dry-run'))).toMatchFileSnapshot(golden('apply-windows-remove'))
  expect((await run('apply', '--remove', '--yes')).exitCode).toBe(0)
  const {networks, endpoints} = lab.emulator.state
  const attached = endpoints.filter(({state}) => state > 1).map(({document}) => document)
  expect(JSON.stringify(attached)).not.toContain('azure-acl-')
  expect(JSON.stringify(networks.filter(({Name}) => Name === 'azure'))).not.toContain('azure-npm-')
  expect(lab.broken()).toEqual([])
}, 60_000)

test('beside an Azure NPM that runs nothing is written, unless somebody insists', async () => {
  await using node = await openNode({NPM_RUNS: '1'})
  const {lab, run} = node
  const refused = await run('apply', ...OBJECTS, '--yes')
  await expect(screen(refused)).toMatchFileSnapshot(golden('apply-windows-npm-runs'))
  expect(await lab.state()).toBe('a')
  expect((await run('apply', ...OBJECTS, '--yes', '--even-if-npm-runs')).exitCode).toBe(0)
}, 60_000)
