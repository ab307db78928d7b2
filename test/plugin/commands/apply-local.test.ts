import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {execa} from 'execa'
import {expect, test} from 'vitest'
import type {WriteStatusList} from '../../../core/contract/writes.ts'
import {kubectlNpm} from '../../support/built-programs.ts'
import {describeKernel, kernelTest} from '../../support/kernel/describe.ts'
import {loadRules, loadSets} from '../../support/kernel/load.ts'
import type {Namespace} from '../../support/kernel/namespace.ts'
import {backends} from '../../support/kernel/tools.ts'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

/** Verbs that write, on a node that is a namespace of the real kernel. */

const CLUSTER = fixture('real-npm/shop-sha256/cluster.json')
const SET = 'azure-npm-5nce4npa15dx8xir01g3'
const POLICY = 'payments/api'
const LOST = '10.50.1.11'
/** A rule of somebody else, which no verb may touch. */
const FOREIGN = '-A FORWARD -s 192.0.2.1/32 -j DROP'

/** A node as Azure NPM leaves it for the policies of a shop, with a rule of somebody else. */
async function programShop(namespace: Namespace, backend: (typeof backends)[number]): Promise<void> {
  const compile = async (format: string) => (await runCli(['compile', '-f', CLUSTER, '-o', format])).stdout
  await loadSets(namespace, await compile('ipset'))
  await loadRules(namespace, backend, await compile('iptables'))
  await namespace.run(`iptables-${backend}`, FOREIGN.split(' '))
}

const breakSet = (namespace: Namespace) => namespace.run('ipset', ['del', SET, LOST])
const hasMember = async (namespace: Namespace) => (await namespace.run('ipset', ['save', SET])).stdout.includes(LOST)

async function openShop(namespace: Namespace, backend: (typeof backends)[number] = 'nft') {
  const folder = await temporaryFolder()
  await programShop(namespace, backend)
  const stateDir = join(folder.path, 'state')
  const args = (verb: readonly string[]) => [kubectlNpm, ...verb, '--local', '--state-dir', stateDir]
  const run = (...verb: string[]) => namespace.run(process.execPath, args(verb), {allowFailure: true})
  const diff = async () =>
    (await namespace.run(process.execPath, [kubectlNpm, 'diff', '--local', '--from', CLUSTER], {allowFailure: true})).exitCode
  const saved = async () =>
    (await namespace.run(`iptables-${backend}-save`, ['-t', 'filter'])).stdout.replaceAll(/^#.*\n|\[\d+:\d+\]/gm, '')
  /** Without waiting for its end. */
  const start = (...verb: string[]) => spawn('ip', ['netns', 'exec', namespace.name, process.execPath, ...args(verb)])
  return {
    folder: folder.path,
    stateDir,
    args,
    run,
    diff,
    saved,
    start,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

describeKernel('a node is repaired in place', () => {
  for (const backend of backends)
    kernelTest(`${backend}: break it, look, apply, look, go back`, async namespace => {
      await using shop = await openShop(namespace, backend)
      const {run, diff, saved} = shop
      expect(await diff()).toBe(0)
      const before = await saved()
      await breakSet(namespace)
      expect(await diff()).toBe(1)
      const dry = await run('apply', '-f', CLUSTER, '--dry-run', '-o', 'lines')
      expect(dry).toMatchObject({stdout: expect.stringContaining(`\nadd ${SET} ${LOST}\n`), exitCode: 1})
      expect(await hasMember(namespace)).toBe(false)
      const applied = await run('apply', '-f', CLUSTER, '--yes')
      expect(applied.stdout).toMatch(/read again, the node has what was asked for/)
      expect(applied.exitCode).toBe(0)
      expect(await diff()).toBe(0)
      expect(await saved()).toBe(before)
      const list = await run('rollback', '--list', '-o', 'json')
      expect(JSON.parse(list.stdout) as WriteStatusList).toMatchObject({
        items: [{restorePoints: [{by: 'root', verb: 'apply', outcome: 'applied'}]}],
      })
      expect(await run('rollback', '--yes')).toMatchObject({stdout: expect.stringContaining('rolled back'), exitCode: 0})
      expect(await hasMember(namespace)).toBe(false)
      expect(await saved()).toBe(before)
    })

  kernelTest(
    'each write leaves a line in the record, also one that is refused, and what only looks leaves none',
    async namespace => {
      await using shop = await openShop(namespace)
      const {run, stateDir} = shop
      await breakSet(namespace)
      await run('apply', '-f', CLUSTER, '--dry-run')
      await run('rollback', '--list')
      await run('confirm')
      await run('apply', '-f', CLUSTER, '--yes')
      await run('rollback', '--yes')
      const lines = readFileSync(join(stateDir, 'audit.jsonl'), 'utf8').trimEnd().split('\n')
      const record = lines.map(line => JSON.parse(line) as Record<string, unknown>)
      expect(record).toMatchObject([
        {by: 'root', verb: 'confirm', outcome: 'failed', failed: expect.stringContaining('no write')},
        {by: 'root', verb: 'apply', outcome: 'applied', state: 'after', plan: expect.stringMatching(/^[0-9a-f]{64}$/)},
        {by: 'root', verb: 'rollback', outcome: 'rolledBack', state: 'after'},
      ])
      expect(record.every(({time}) => !Number.isNaN(Date.parse(String(time))))).toBe(true)
      expect(statSync(join(stateDir, 'audit.jsonl')).mode & 0o777).toBe(0o600)
    },
  )

  kernelTest('rules are printed once where sets alone change and nobody changes a rule meanwhile', async namespace => {
    await using shop = await openShop(namespace)
    const {folder, args} = shop
    const notes = join(folder, 'notes')
    writeFileSync(
      join(folder, 'iptables-nft-save'),
      `#!/bin/sh\necho printed >> ${notes}\nexec /usr/sbin/iptables-nft-save "$@"\n`,
      {
        mode: 0o755,
      },
    )
    await breakSet(namespace)
    const path = `PATH=${folder}:${process.env['PATH']}`
    await namespace.run('env', [path, process.execPath, ...args(['apply', '-f', CLUSTER, '--yes'])])
    expect(await hasMember(namespace)).toBe(true)
    expect(readFileSync(notes, 'utf8')).toBe('printed\n')
  })

  for (const backend of backends)
    kernelTest(`${backend}: one policy is taken away, and comes back from the restore point`, async namespace => {
      await using shop = await openShop(namespace, backend)
      const {run, diff, saved, stateDir} = shop
      const before = await saved()
      expect(await run('apply', '--remove', '--policy', POLICY, '--yes')).toMatchObject({exitCode: 0})
      expect(await saved()).not.toContain(POLICY)
      expect(await diff()).toBe(1)
      const [point = ''] = readdirSync(join(stateDir, 'restore-points'))
      const kept = join(stateDir, 'restore-points', point)
      expect(await run('apply', '--from', kept, '--policy', POLICY, '--yes')).toMatchObject({exitCode: 0})
      expect(await diff()).toBe(0)
      expect((await saved()).split('\n').toSorted()).toEqual(before.split('\n').toSorted())
    })

  kernelTest('a plan that was kept is applied once: then the node is not any more what it was made for', async namespace => {
    await using shop = await openShop(namespace)
    const {folder, run} = shop
    await breakSet(namespace)
    const plan = join(folder, 'plan.json')
    writeFileSync(plan, (await run('apply', '-f', CLUSTER, '--dry-run', '-o', 'json')).stdout)
    expect((await run('apply', '--plan', plan, '--yes')).exitCode).toBe(0)
    expect(await hasMember(namespace)).toBe(true)
    const again = await run('apply', '--plan', plan, '--yes')
    expect(again.stderr).toMatch(/not any more what it was when the plan was made/)
    expect(again.exitCode).toBe(2)
    writeFileSync(plan, JSON.stringify({...JSON.parse(await planOf(run)), node: 'elsewhere'}))
    expect((await run('apply', '--plan', plan, '--yes')).stderr).toContain('it was changed after it was made')
  })

  kernelTest('--from a dump, or a restore point, makes the node what it was', async namespace => {
    await using shop = await openShop(namespace)
    const {folder, run, stateDir, saved} = shop
    const before = await saved()
    const dump = join(folder, 'dump')
    await namespace.run(process.execPath, [kubectlNpm, 'dump', '--local', '-o', dump])
    await breakSet(namespace)
    await namespace.run('iptables-nft', ['-F', 'AZURE-NPM-INGRESS'])
    expect(await run('apply', '--from', dump, '--yes')).toMatchObject({exitCode: 0})
    expect(await hasMember(namespace)).toBe(true)
    expect(await saved()).toBe(before)
    const {stdout} = await run('rollback', '--list', '-o', 'json')
    const [point] = (JSON.parse(stdout) as WriteStatusList).items[0]?.restorePoints ?? []
    expect(await run('apply', '--from', join(stateDir, 'restore-points', String(point?.id)), '--yes')).toMatchObject({
      exitCode: 0,
    })
    expect(await hasMember(namespace)).toBe(false)
  })

  const planOf = async (run: Awaited<ReturnType<typeof openShop>>['run']) =>
    (await run('apply', '--remove', '--dry-run', '-o', 'json')).stdout

  kernelTest('--remove takes all of Azure NPM away and nothing else; rollback brings it back', async namespace => {
    await using shop = await openShop(namespace)
    const {run, saved, diff} = shop
    const before = await saved()
    expect((await run('apply', '--remove', '--yes')).exitCode).toBe(0)
    const {stdout: rules} = await namespace.run('iptables-nft-save', ['-t', 'filter'])
    expect(rules).not.toContain('AZURE-NPM')
    expect(rules).toContain(FOREIGN)
    expect((await namespace.run('ipset', ['list', '-n'])).stdout).toBe('')
    expect((await run('rollback', '--yes')).exitCode).toBe(0)
    expect(await saved()).toBe(before)
    expect(await diff()).toBe(0)
  })

  kernelTest('what nobody confirms in time is taken back, and what somebody does stays', async namespace => {
    await using shop = await openShop(namespace)
    const {run, start} = shop
    await breakSet(namespace)
    const late = await run('apply', '-f', CLUSTER, '--yes', '--confirm-within', '1s')
    expect(late.stdout).toContain('it was not confirmed in time')
    expect(late.exitCode).toBe(1)
    expect(await hasMember(namespace)).toBe(false)
    const waiting = start('apply', '-f', CLUSTER, '--yes', '--confirm-within', '60s')
    const ended = once(waiting, 'close')
    await expect.poll(() => hasMember(namespace)).toBe(true)
    await expect.poll(async () => (await run('confirm')).exitCode, {interval: 500}).toBe(0)
    expect(await ended).toEqual([0, null])
    expect(await hasMember(namespace)).toBe(true)
  })

  kernelTest('Ctrl-C while a write awaits its confirmation takes it back', async namespace => {
    await using shop = await openShop(namespace)
    const {start} = shop
    await breakSet(namespace)
    const waiting = start('apply', '-f', CLUSTER, '--yes', '--confirm-within', '60s')
    let said = ''
    waiting.stderr.on('data', (data: Buffer) => (said += data.toString()))
    let shown = ''
    waiting.stdout.on('data', (data: Buffer) => (shown += data.toString()))
    const ended = once(waiting, 'close')
    await expect.poll(() => shown).toContain('Keep it: kubectl npm confirm --local --state-dir')
    waiting.kill('SIGINT')
    expect(await ended).toEqual([130, null])
    expect(said).toContain('interrupted: the node has what it had before')
    expect(await hasMember(namespace)).toBe(false)
  })
})

test('--local is for root only, also of what writes', async () => {
  // A process of another user; where we are that other user already, as we are.
  const isRoot = process.getuid?.() === 0
  for (const verb of [['apply', '--yes'], ['rollback', '--yes'], ['confirm']]) {
    const {stderr, exitCode} = await execa(process.execPath, [kubectlNpm, ...verb, '--local'], {
      reject: false,
      ...(isRoot && {uid: 65534, gid: 65534}),
    })
    expect(stderr).toContain('--local writes to the kernel, which only root may do')
    expect(exitCode).toBe(2)
  }
})
