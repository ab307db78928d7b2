import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {gunzipSync} from 'node:zlib'
import {execa} from 'execa'
import {describe, expect, test} from 'vitest'
import {type Procedure, procedureRights, writeProcedures} from '../../../core/contract/agent.ts'
import type {Plan} from '../../../core/contract/plan.ts'
import type {WriteResult, WriteStatus} from '../../../core/contract/writes.ts'
import {documentProcedures, type FakeAgent, type FakeAgentOptions, startFakeAgent} from '../../support/plugin/fake-agent.ts'
import {type FakeApiServer, refusal, startFakeApiServer} from '../../support/plugin/fake-api-server.ts'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

/** Verbs that write, to agents that are played. kubectl and the way to the agents are real. */

const executable = fileURLToPath(new URL('../../../bin/kubectl-npm.ts', import.meta.url))
const shop = (file: string) => readFileSync(fixture(`real-npm/shop-sha256/${file}`), 'utf8')
const LOST = 'add azure-npm-5nce4npa15dx8xir01g3 10.50.1.11'
const whole = {
  'iptables-nft-save.txt': shop('iptables-save.txt'),
  'ipset-save.txt': shop('ipset-save.txt'),
  'cluster.json': shop('cluster.json'),
}
/** A node that lacks one member of a set. */
const broken = {...whole, 'ipset-save.txt': whole['ipset-save.txt'].replace(`${LOST}\n`, '')}

/** A node that has lost all rules and sets, and forwards a connection that the policies deny. */
const talking = {
  ...whole,
  'iptables-nft-save.txt': '*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n',
  'ipset-save.txt': '',
  'conntrack.txt':
    'ipv4     2 tcp      6 431999 ESTABLISHED src=10.50.0.41 dst=10.50.1.32 sport=40112 dport=80 src=10.50.1.32 dst=10.50.0.41 sport=80 dport=40112 [ASSURED] mark=0 use=1\n',
}

const resultOf = (node: string, changes: Partial<WriteResult> = {}): WriteResult => ({
  apiVersion: 'kubectl-npm/v1',
  kind: 'WriteResult',
  node,
  id: '0007-20261130T090000Z',
  verb: 'apply',
  outcome: 'applied',
  state: 'after',
  operations: 1,
  durationMs: 120,
  restorePoint: '/var/lib/npm-agent/restore-points/0007-20261130T090000Z',
  problems: [],
  ...changes,
})

interface Written {
  readonly plans: Plan[]
  readonly asked: (readonly [string, Record<string, unknown>])[]
}

interface NodeOptions {
  readonly documents?: typeof whole
  readonly result?: Partial<WriteResult>
  readonly procedures?: FakeAgentOptions['procedures']
  readonly hello?: FakeAgentOptions['hello']
}

/** An agent that takes plans and says that it has done what is asked. */
async function startNode(node: string, {documents = broken, result, procedures, hello}: NodeOptions = {}) {
  const written: Written = {plans: [], asked: []}
  const pieces: Buffer[] = []
  const done = (verb: WriteResult['verb'], outcome: WriteResult['outcome']) => (input: Record<string, unknown>) => {
    written.asked.push([verb, input])
    return resultOf(node, {verb, outcome, ...result})
  }
  const agent = await startFakeAgent({
    node,
    ...(hello && {hello}),
    procedures: {
      ...documentProcedures(node, documents),
      stagePlan: ({base64, offset}) => {
        if (offset === 0) pieces.length = 0
        pieces.push(Buffer.from(String(base64), 'base64'))
        return {stagedId: 'staged', bytes: Buffer.concat(pieces).length}
      },
      applyPlan: input => {
        written.plans.push(JSON.parse(gunzipSync(Buffer.concat(pieces)).toString()))
        return done('apply', 'applied')(input)
      },
      rollback: done('rollback', 'rolledBack'),
      confirm: done('confirm', 'confirmed'),
      ...procedures,
    },
  })
  return {agent, written, [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose]()}
}

const apiFor = (agents: Readonly<Record<string, {readonly agent: FakeAgent}>>): Promise<FakeApiServer> =>
  startFakeApiServer({agents: Object.fromEntries(Object.entries(agents).map(([node, {agent}]) => [node, agent.port]))})

/** With a person at a terminal, who types these lines, each when it was asked for once more; an empty list is Ctrl-D. */
async function onTerminal(args: readonly string[], typed: readonly string[], env: Record<string, string>) {
  const command = [process.execPath, executable, ...args].join(' ')
  const person = execa('script', ['-qfec', command, '/dev/null'], {
    env: {TERM: 'xterm', NO_COLOR: '1', CI: '', ...env},
    stdin: 'pipe',
    reject: false,
    timeout: 60_000,
  })
  let shown = ''
  let answered = 0
  person.stdout?.on('data', (data: Buffer) => {
    shown += data.toString()
    if (shown.split('[y/N] ').length - 1 <= answered) return
    const line = typed[answered++]
    if (line !== undefined) person.stdin?.write(`${line}\n`)
    else if (typed.length === 0) person.stdin?.write('\u0004')
  })
  const {stdout, exitCode} = await person
  return {screen: stdout.replaceAll('\r\n', '\n'), exitCode}
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

describe('whoever may not', () => {
  test('is told which right is missing and which role has it, before anything is read', async () => {
    await using node = await startNode('aks-1')
    await using api = await startFakeApiServer({
      agents: {'aks-1': node.agent.port},
      answer: (_method, path) =>
        path.endsWith('npm-operator/token')
          ? refusal(
              403,
              'Forbidden',
              'serviceaccounts "npm-operator" is forbidden: User "eve" cannot create resource "serviceaccounts/token" in API group "" in the namespace "kubectl-npm"',
            )
          : undefined,
    })
    for (const args of [['apply', '--yes'], ['rollback', '--yes'], ['confirm']]) {
      const {stderr, exitCode} = await runCli(args, {env: api.env})
      expect(stderr).toContain('Role kubectl-npm-operator has it')
      expect(stderr).toContain('--role=kubectl-npm-operator --user=eve')
      expect(exitCode).toBe(2)
    }
    expect(node.agent.calls).toEqual([])
    expect((await runCli(['apply', '--dry-run'], {env: api.env})).exitCode).toBe(1)
  })

  test('even list pods is told the role that is needed for the whole verb', async () => {
    const forbidden = 'pods is forbidden: User "eve" cannot list resource "pods" in API group "" in the namespace "kubectl-npm"'
    await using api = await startFakeApiServer({
      agents: {},
      answer: (_method, path) => (path.endsWith('kubectl-npm/pods') ? refusal(403, 'Forbidden', forbidden) : undefined),
    })
    const role = async (...args: string[]) => /--role=(\S+)/.exec((await runCli(args, {env: api.env})).stderr)?.[1]
    for (const args of [['apply', '--yes'], ['rollback', '--yes'], ['confirm']])
      expect(await role(...args), args.join(' ')).toBe('kubectl-npm-operator')
    for (const args of [['apply', '--dry-run'], ['rollback', '--list'], ['diff']])
      expect(await role(...args), args.join(' ')).toBe('kubectl-npm-viewer')
  })

  test.each<{name: string; hello: FakeAgentOptions['hello']; says: string}>([
    {
      name: 'was installed to read only',
      hello: {procedures: (Object.keys(procedureRights) as Procedure[]).filter(name => !writeProcedures.includes(name))},
      says: 'its agent was installed to read only',
    },
    {
      name: 'is of before there were such verbs',
      hello: {contract: {major: 1, minor: 0}, procedures: ['hello', 'status', 'openSnapshot', 'readSnapshot', 'closeSnapshot']},
      says: 'is older than verbs that write',
    },
  ])('an agent that $name is named', async ({hello, says}) => {
    await using node = await startNode('aks-1', {...(hello && {hello})})
    await using api = await apiFor({'aks-1': node})
    for (const args of [['apply', '--yes'], ['rollback', '--yes'], ['rollback', '--list'], ['confirm']]) {
      const {stderr, exitCode} = await runCli(args, {env: api.env})
      expect(stderr).toContain(`node aks-1: `)
      expect(stderr).toContain(says)
      expect(exitCode).toBe(2)
    }
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
    const running = execa(process.execPath, [executable, 'apply', '--yes'], {
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

describe('a write that is to be confirmed', () => {
  const awaiting = {outcome: 'awaitingConfirmation', confirmWithinMs: 60_000} as const

  test('says how, where nobody is asked', async () => {
    await using node = await startNode('aks-1', {result: awaiting})
    await using api = await apiFor({'aks-1': node})
    const {stdout, exitCode} = await runCli(['apply', '--yes', '--confirm-within', '60s'], {env: api.env})
    expect(stdout).toContain('the node goes back by itself in 60 s unless this is confirmed')
    expect(stdout).toContain('Keep it: kubectl npm confirm --node aks-1')
    expect(exitCode).toBe(0)
    expect(node.written.asked).toEqual([['apply', {stagedId: 'staged', confirmWithinMs: 60_000}]])
  })

  test.each([
    {typed: 'y', verb: 'confirm', exitCode: 0, input: {id: '0007-20261130T090000Z'}},
    {typed: 'n', verb: 'rollback', exitCode: 1, input: {to: '0007-20261130T090000Z'}},
  ])('at a terminal $typed is a $verb, over a new connection', async ({typed, verb, exitCode, input}) => {
    await using node = await startNode('aks-1', {
      procedures: {
        applyPlan: () => resultOf('aks-1', awaiting),
      },
    })
    await using api = await apiFor({'aks-1': node})
    const result = await onTerminal(['apply', '--confirm-within', '60s'], ['y', typed], api.env)
    expect(result.screen).toContain('Keep it?')
    expect(node.written.asked).toEqual([[verb, input]])
    expect(result.exitCode).toBe(exitCode)
    const connections = node.agent.calls.filter(name => name === 'hello').length
    expect(connections).toBe(3)
  })

  test('is taken back where nobody answers in time', async () => {
    await using node = await startNode('aks-1', {procedures: {applyPlan: () => resultOf('aks-1', awaiting)}})
    await using api = await apiFor({'aks-1': node})
    const {screen, exitCode} = await onTerminal(['apply', '--confirm-within', '1s'], ['y'], api.env)
    expect(screen).toContain('rolled back: it was not confirmed in time')
    expect(exitCode).toBe(1)
    expect(node.written.asked).toEqual([])
  })

  test('confirm says when nothing waits, and status what does', async () => {
    const failed = {
      outcome: 'failed',
      state: 'after',
      failedAt: {step: 0, operation: '', message: 'no write awaits a confirmation', next: 'Look.'},
    } as const
    const writes: WriteStatus = {
      pending: {id: '0007-20261130T090000Z', by: 'JTI=7', since: '2026-11-30T09:00:00Z', secondsLeft: 42},
      restorePoints: [
        {
          id: '0007-20261130T090000Z',
          takenAt: '2026-11-30T09:00:00Z',
          by: 'JTI=7',
          verb: 'apply',
          outcome: 'awaitingConfirmation',
        },
      ],
    }
    const status = {
      node: 'aks-1',
      version: '0.1.0',
      startedAt: '2026-11-30T08:00:00Z',
      knowledge: {state: 'live', pods: 1, namespaces: 1, policies: 1},
      connections: 1,
      subscriptions: 0,
      memoryBytes: 80_000_000,
      backend: 'nft',
      writes,
    }
    await using node = await startNode('aks-1', {result: failed, procedures: {writes: () => writes, status: () => status}})
    await using api = await apiFor({'aks-1': node})
    const confirmed = await runCli(['confirm'], {env: api.env})
    expect(confirmed.stderr).toContain('error: node aks-1: no write awaits a confirmation; the node has what was asked for')
    expect(confirmed.exitCode).toBe(2)
    const shown = await runCli(['status'], {env: api.env})
    expect(shown.stdout).toContain('unconfirmed, back in 42 s')
    expect(shown.stdout).toContain('write 0007-20261130T090000Z of JTI=7 awaits its confirmation')
    expect(shown.stdout).toContain('kubectl npm confirm --node aks-1')
    const list = await runCli(['rollback', '--list'], {env: api.env})
    expect(list.stdout).toMatch(/aks-1 +0007-20261130T090000Z +2026-11-30T09:00:00Z +JTI=7 +apply +awaiting confirmation/)
    expect(list.exitCode).toBe(0)
    const json = await runCli(['rollback', '--list', '-o', 'json'], {env: api.env})
    expect(JSON.parse(json.stdout)).toMatchObject({kind: 'WriteStatusList', items: [{node: 'aks-1', ...writes}]})
    expect(api.requests.filter(each => each.includes('npm-operator'))).toHaveLength(1)
  })
})

describe('rollback', () => {
  test('takes back the last write, or returns to the restore point that is named', async () => {
    await using node = await startNode('aks-1', {result: {state: 'after'}})
    await using api = await apiFor({'aks-1': node})
    const {stdout, exitCode} = await runCli(['rollback', '--yes'], {env: api.env})
    expect(stdout).toBe('node aks-1: rolled back; the node has what it had before (1 operation in 0.12 s)\n')
    expect(exitCode).toBe(0)
    await runCli(['rollback', '--yes', '--to', 'r3'], {env: api.env})
    expect(node.written.asked).toEqual([
      ['rollback', {}],
      ['rollback', {to: 'r3'}],
    ])
  })

  test('of several nodes is asked about once, and --to is of one node', async () => {
    await using one = await startNode('aks-1')
    await using two = await startNode('aks-2')
    await using api = await apiFor({'aks-1': one, 'aks-2': two})
    const named = await runCli(['rollback', '--yes', '--to', 'r3'], {env: api.env})
    expect(named.stderr).toContain('--to r3 is of one node, and 2 are meant')
    const {screen, exitCode} = await onTerminal(['rollback'], ['y'], api.env)
    expect(screen).toContain('Take back the last write to 2 nodes? [y/N]')
    expect(exitCode).toBe(0)
    expect([one, two].map(({written}) => written.asked.length)).toEqual([1, 1])
  })
})
