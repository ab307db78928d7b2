import {readFileSync} from 'node:fs'
import {gunzipSync} from 'node:zlib'
import {execa} from 'execa'
import type {Plan} from '../../../core/contract/plan.ts'
import type {WriteResult} from '../../../core/contract/writes.ts'
import {kubectlNpm} from '../built-programs.ts'
import {documentProcedures, type FakeAgent, type FakeAgentOptions, startFakeAgent} from './fake-agent.ts'
import {type FakeApiServer, startFakeApiServer} from './fake-api-server.ts'
import {fixture} from './run-cli.ts'

export const shop = (file: string) => readFileSync(fixture(`real-npm/shop-sha256/${file}`), 'utf8')
export const LOST = 'add azure-npm-5nce4npa15dx8xir01g3 10.50.1.11'
export const whole = {
  'iptables-nft-save.txt': shop('iptables-save.txt'),
  'ipset-save.txt': shop('ipset-save.txt'),
  'cluster.json': shop('cluster.json'),
}
/** A node that lacks one member of a set. */
export const broken = {...whole, 'ipset-save.txt': whole['ipset-save.txt'].replace(`${LOST}\n`, '')}

export const resultOf = (node: string, changes: Partial<WriteResult> = {}): WriteResult => ({
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
export async function startNode(node: string, {documents = broken, result, procedures, hello}: NodeOptions = {}) {
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

export const apiFor = (agents: Readonly<Record<string, {readonly agent: FakeAgent}>>): Promise<FakeApiServer> =>
  startFakeApiServer({agents: Object.fromEntries(Object.entries(agents).map(([node, {agent}]) => [node, agent.port]))})

/** Runs a command with a person at a terminal, who types these lines, each when it was asked for once more; an empty list is Ctrl-D. */
export async function onTerminal(args: readonly string[], typed: readonly string[], env: Record<string, string>) {
  const command = [process.execPath, kubectlNpm, ...args].join(' ')
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
