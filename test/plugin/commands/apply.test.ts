import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {execa} from 'execa'
import {describe, expect, test} from 'vitest'
import {type Procedure, writeProcedures} from '../../../core/contract/agent.ts'
import type {Plan} from '../../../core/contract/plan.ts'
import type {WriteStatus} from '../../../core/contract/writes.ts'
import {kubectlNpm} from '../../support/built-programs.ts'
import {refusal, startFakeApiServer} from '../../support/plugin/fake-api-server.ts'
import {runCli} from '../../support/plugin/run-cli.ts'
import {apiFor, LOST, onTerminal, resultOf, startNode, whole} from '../../support/plugin/written-nodes.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

/** Verbs that write, to agents that are played. kubectl and the way to the agents are real. */

/** A node that has lost all rules and sets, and forwards a connection that the policies deny. */
const talking = {
  ...whole,
  'iptables-nft-save.txt': '*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n',
  'ipset-save.txt': '',
  'conntrack.txt':
    'ipv4     2 tcp      6 431999 ESTABLISHED src=10.50.0.41 dst=10.50.1.32 sport=40112 dport=80 src=10.50.1.32 dst=10.50.0.41 sport=80 dport=40112 [ASSURED] mark=0 use=1\n',
}

describe('apply to a node of a cluster', () => {
  test('sends the agent what mends the node and nothing else, with a token of the operator', async () => {
    await using node = await startNode('aks-1')
    await using api = await apiFor({'aks-1': node})
    const {stdout, stderr, exitCode} = await runCli(['apply', '--yes'], {env: api.env})
    expect(stderr).toBe('')
    expect(stdout).toContain('node aks-1: 1 operation in 1 step; 1 step opens')
    expect(stdout).toContain(LOST)
    expect(stdout).toContain('node aks-1: 1 operation in 0.12 s; read again, the node has what was asked for')
    expect(stdout).toContain('Go back: kubectl npm rollback --node aks-1 --to 0007-20261130T090000Z')
    expect(exitCode).toBe(0)
    expect(node.written.plans).toMatchObject([{kind: 'Plan', node: 'aks-1', operations: [{line: LOST, tool: 'ipset'}]}])
    expect(node.written.asked).toEqual([['apply', {stagedId: 'staged'}]])
    const tokens = api.requests.filter(each => each.endsWith('/token'))
    expect(new Set(tokens)).toEqual(new Set(['POST /api/v1/namespaces/kubectl-npm/serviceaccounts/npm-operator/token']))
  })

  test('with --dry-run writes nothing, and ends with 1 when there is something to do', async () => {
    await using node = await startNode('aks-1')
    await using api = await apiFor({'aks-1': node})
    const {stdout, exitCode} = await runCli(['apply', '--dry-run', '-o', 'lines'], {env: api.env})
    expect(stdout).toContain(`ipset restore <<'END'\n${LOST}\nEND\n`)
    expect(exitCode).toBe(1)
    expect(node.agent.calls).not.toContain('stagePlan')
  })

  test('with --dry-run names connections that go on although the new state denies them', async () => {
    await using node = await startNode('aks-1', {documents: talking})
    await using api = await apiFor({'aks-1': node})
    const {stdout, exitCode} = await runCli(['apply', '--dry-run'], {env: api.env})
    expect(stdout).toContain(
      '1 connection goes on that the new state denies: tcp monitoring/prometheus-0 -> payments/ledger-0:80.',
    )
    expect(stdout).not.toContain('were not looked for')
    expect(exitCode).toBe(1)
  })

  test.each([
    {status: 403, reason: 'Forbidden', says: 'only operators are told who talks to whom (Role kubectl-npm-operator)'},
    {status: 404, reason: 'NotFound', says: 'the agents were installed to read only'},
  ])('with --dry-run needs the viewer only, and says that connections were not looked for: $status', async refused => {
    await using one = await startNode('aks-1', {documents: talking})
    await using two = await startNode('aks-2', {documents: talking})
    const agents = {'aks-1': one.agent.port, 'aks-2': two.agent.port}
    await using api = await startFakeApiServer({
      agents,
      answer: (_method, path) =>
        path.endsWith('npm-operator/token') ? refusal(refused.status, refused.reason, 'no token for you') : undefined,
    })
    const {stdout, exitCode} = await runCli(['apply', '--dry-run', '--node', 'aks-1'], {env: api.env})
    expect(stdout).toContain(`connections that go on although the new state denies them were not looked for: ${refused.says}`)
    expect(stdout).not.toContain('ledger-0:80')
    expect(exitCode).toBe(1)
    const list = await runCli(['apply', '--dry-run', '-o', 'json'], {env: api.env})
    const {items} = JSON.parse(list.stdout) as {items: Plan[]}
    for (const {notes} of items) expect(notes.join()).toContain('were not looked for')
  })

  test('on a node that is as it should be does nothing, and ends with 0', async () => {
    await using node = await startNode('aks-1', {documents: whole})
    await using api = await apiFor({'aks-1': node})
    for (const flag of ['--dry-run', '--yes']) {
      const {stdout, exitCode} = await runCli(['apply', flag], {env: api.env})
      expect(stdout).toContain('node aks-1: nothing to do')
      expect(exitCode).toBe(0)
    }
    expect(node.written.plans).toEqual([])
  })

  test('says of a write that is open, also where there is nothing to do', async () => {
    const pending = {id: '0007-20261130T090000Z', by: 'JTI=7', since: '2026-11-30T09:00:00Z', secondsLeft: 42}
    const procedures = {writes: (): WriteStatus => ({pending, restorePoints: []})}
    await using node = await startNode('aks-1', {documents: whole, procedures})
    await using api = await apiFor({'aks-1': node})
    const says =
      'write 0007-20261130T090000Z of JTI=7 awaits its confirmation, for 42 s more: nothing more is written before it has ended: ' +
      'kubectl npm confirm --node aks-1, or kubectl npm rollback --node aks-1'
    for (const flag of ['--dry-run', '--yes']) {
      const {stdout, exitCode} = await runCli(['apply', flag], {env: api.env})
      expect(stdout).toContain('nothing to do')
      expect(stdout).toContain(says)
      expect(exitCode).toBe(0)
    }
  })

  test('a plan that was kept, with --dry-run, is shown, and what apply would refuse is said', async () => {
    await using folder = await temporaryFolder()
    const plan = join(folder.path, 'plan.json')
    await using node = await startNode('aks-1')
    await using api = await apiFor({'aks-1': node})
    writeFileSync(plan, (await runCli(['apply', '--dry-run', '-o', 'json'], {env: api.env})).stdout)
    const again = await runCli(['apply', '--plan', plan, '--dry-run'], {env: api.env})
    expect(again).toMatchObject({stderr: '', exitCode: 1})
    await using changed = await startNode('aks-1', {documents: whole})
    await using now = await apiFor({'aks-1': changed})
    const {stdout, stderr, exitCode} = await runCli(['apply', '--plan', plan, '--dry-run'], {env: now.env})
    expect(stdout).toContain(LOST)
    expect(stderr).toContain('node aks-1: it is not any more what it was when the plan was made, so apply refuses the plan')
    expect(exitCode).toBe(2)
  })

  test('a plan that was kept is sent as it is, without reading the node again', async () => {
    await using node = await startNode('aks-1')
    await using api = await apiFor({'aks-1': node})
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'plan.json')
    const {stdout} = await runCli(['apply', '--dry-run', '-o', 'json'], {env: api.env})
    writeFileSync(file, stdout)
    const reads = () => node.agent.calls.filter(name => name === 'openSnapshot').length
    const before = reads()
    expect((await runCli(['apply', '--plan', file, '--yes'], {env: api.env})).exitCode).toBe(0)
    expect(node.written.plans).toEqual([JSON.parse(stdout)])
    expect(reads()).toBe(before)
    writeFileSync(file, stdout.replace(LOST, LOST.replace('.11', '.12')))
    const changed = await runCli(['apply', '--plan', file, '--yes'], {env: api.env})
    expect(changed.stderr).toContain('it was changed after it was made')
    expect(changed.exitCode).toBe(2)
    expect(node.written.plans).toHaveLength(1)
  })

  test('narrowed to what is not broken does nothing, and --remove wants nothing of Azure NPM', async () => {
    await using node = await startNode('aks-1')
    await using api = await apiFor({'aks-1': node})
    const narrowed = await runCli(['apply', '--set', 'ns-payments', '--dry-run'], {env: api.env})
    expect(narrowed.stdout).toContain('nothing to do')
    const removed = await runCli(['apply', '--remove', '--dry-run', '-o', 'json'], {env: api.env})
    expect(JSON.parse(removed.stdout)).toMatchObject({wanted: 'nothing'})
  })

  test('as JSON prints the result and nothing else', async () => {
    await using node = await startNode('aks-1')
    await using api = await apiFor({'aks-1': node})
    const {stdout} = await runCli(['apply', '--yes', '-o', 'json', '--end-denied-flows'], {env: api.env})
    expect(JSON.parse(stdout)).toEqual(resultOf('aks-1'))
    expect(node.written.asked).toEqual([['apply', {stagedId: 'staged', endDeniedFlows: true}]])
  })
})

describe('before a node is written to', () => {
  test('the person is asked at a terminal, and shown the plan first', async () => {
    await using node = await startNode('aks-1')
    await using api = await apiFor({'aks-1': node})
    const no = await onTerminal(['apply'], ['n'], api.env)
    expect(no.screen.indexOf(LOST)).toBeLessThan(no.screen.indexOf('Write this to node aks-1? [y/N]'))
    expect(no.screen).toContain('Nothing was written.')
    expect(no.exitCode).toBe(1)
    expect(node.written.plans).toEqual([])
    const end = await onTerminal(['apply'], [], api.env)
    expect(end.screen).toContain('Nothing was written.')
    expect(end.exitCode).toBe(1)
    const yes = await onTerminal(['apply'], ['y'], api.env)
    expect(yes.exitCode).toBe(0)
    expect(node.written.plans).toHaveLength(1)
  })

  test.each([
    {args: ['apply'], says: 'there is no terminal to ask on', next: '--dry-run'},
    {args: ['rollback'], says: 'there is no terminal to ask on', next: '--list'},
    {args: ['apply', '--yes', '-o', 'lines'], says: '-o lines shows a plan', next: '--dry-run'},
    {
      args: ['apply', '--yes', '--plan', 'p.json', '--policy', 'a/b', '--node', 'x'],
      says: '--policy, --node do not go together',
      next: 'Leave',
    },
    {args: ['apply', '--yes', '--remove', '--from', 'x'], says: '-f, --from and --remove', next: 'one of them'},
    {args: ['apply', '--yes', '--confirm-within', '1ms'], says: 'from one second to one day', next: '60s'},
    {args: ['apply', '--yes', '--max-parallel', '0'], says: 'not a number of nodes', next: '3'},
  ])('$args is refused without asking anybody', async ({args, says, next}) => {
    await using node = await startNode('aks-1')
    await using api = await apiFor({'aks-1': node})
    const {stderr, exitCode} = await runCli(args, {env: api.env})
    expect(stderr).toContain(says)
    expect(stderr).toContain(next)
    expect(exitCode).toBe(2)
    expect(node.agent.calls.filter(name => writeProcedures.includes(name as Procedure))).toEqual([])
  })
})

describe('a write that fails', () => {
  test('says where it stopped and in which state the node is', async () => {
    const failedAt = {step: 1, operation: LOST, message: 'ipset restore ended with 1', next: 'Look at dmesg.'}
    await using node = await startNode('aks-1', {result: {outcome: 'rolledBack', state: 'before', failedAt}})
    await using api = await apiFor({'aks-1': node})
    const {stdout, stderr, exitCode} = await runCli(['apply', '--yes'], {env: api.env})
    expect(stderr).toBe(
      `error: node aks-1: step 1, ${LOST}: ipset restore ended with 1; it was rolled back: the node has what it had before\n  Look at dmesg.\n`,
    )
    expect(stdout).not.toContain('read again')
    expect(exitCode).toBe(2)
  })

  test('because the connection broke says that the agent goes on by itself', async () => {
    await using node = await startNode('aks-1', {
      procedures: {
        applyPlan: (_input, socket) => {
          socket.terminate()
          return new Promise(() => {})
        },
      },
    })
    await using api = await apiFor({'aks-1': node})
    const {stderr, exitCode} = await runCli(['apply', '--yes'], {env: api.env})
    expect(stderr).toContain('Its agent goes on by itself')
    expect(stderr).toContain('kubectl npm rollback --list --node aks-1; Take it back')
    expect(exitCode).toBe(2)
  })

  test('because of Ctrl-C says so, too', async () => {
    let ask = (): void => {}
    const asked = new Promise<void>(resolve => (ask = resolve))
    await using node = await startNode('aks-1', {
      procedures: {
        applyPlan: () => {
          ask()
          return new Promise(() => {})
        },
      },
    })
    await using api = await apiFor({'aks-1': node})
    const running = execa(process.execPath, [kubectlNpm, 'apply', '--yes'], {
      env: {NO_COLOR: '1', ...api.env},
      input: '',
      reject: false,
    })
    await asked
    running.kill('SIGINT')
    const {stderr, exitCode} = await running
    expect(stderr).toContain('node aks-1: interrupted while the node was written to; its agent goes on by itself')
    expect(exitCode).toBe(130)
  })
})

describe('many nodes', () => {
  test('are done one after the other, and the first failure ends it', async () => {
    const failed = {
      outcome: 'failed',
      state: 'before',
      failedAt: {step: 0, operation: '', message: 'no room', next: 'Make some.'},
    } as const
    await using one = await startNode('aks-1')
    await using two = await startNode('aks-2', {result: failed})
    await using three = await startNode('aks-3')
    await using api = await apiFor({'aks-1': one, 'aks-2': two, 'aks-3': three})
    const {stdout, stderr, exitCode} = await runCli(['apply', '--yes'], {env: api.env})
    expect(stdout).toContain('node aks-1: 1 operation in 0.12 s')
    expect(stderr).toContain('node aks-2: no room; nothing was changed')
    expect(stderr).toContain('Not begun: aks-3.')
    expect(exitCode).toBe(2)
    expect([one, two, three].map(({written}) => written.plans.length)).toEqual([1, 1, 0])
    const json = await runCli(['apply', '--yes', '-o', 'json'], {env: api.env})
    expect(JSON.parse(json.stdout)).toMatchObject({
      kind: 'WriteResultList',
      items: [
        {node: 'aks-1', outcome: 'applied'},
        {node: 'aks-2', outcome: 'failed'},
      ],
      notDone: ['aks-3'],
    })
  })

  test('are written to at once as far as --max-parallel says', async () => {
    let waiting = 0
    let goOn = (): void => {}
    const both = new Promise<void>(resolve => (goOn = resolve))
    const together = (node: string) => ({
      procedures: {
        applyPlan: async () => {
          if (++waiting === 2) goOn()
          await both
          return resultOf(node)
        },
      },
    })
    await using one = await startNode('aks-1', together('aks-1'))
    await using two = await startNode('aks-2', together('aks-2'))
    await using api = await apiFor({'aks-1': one, 'aks-2': two})
    expect((await runCli(['apply', '--yes', '--max-parallel', '2'], {env: api.env})).exitCode).toBe(0)
  })

  test('one that cannot be planned keeps all others from being written to', async () => {
    await using one = await startNode('aks-1')
    await using two = await startNode('aks-2', {
      documents: {...whole, 'iptables-nft-save.txt': whole['iptables-nft-save.txt'].slice(0, 3000)},
    })
    await using api = await apiFor({'aks-1': one, 'aks-2': two})
    const {stderr, exitCode} = await runCli(['apply', '--yes'], {env: api.env})
    expect(stderr).toContain('node aks-2: nothing is planned')
    expect(stderr).toContain('Nothing was written.')
    expect(exitCode).toBe(2)
    expect(one.written.plans).toEqual([])
    expect((await runCli(['apply', '--yes', '--node', 'aks-1'], {env: api.env})).exitCode).toBe(0)
  })
})
