import {mkdtempSync, readdirSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {verbs} from '../../../plugin/commands/index.ts'
import {type Bakery, startBakery} from '../../support/plugin/bakery-dump.ts'
import {processesOf, until} from '../../support/plugin/own-processes.ts'
import {fixture} from '../../support/plugin/run-cli.ts'

/** A signal while a verb computes: no handler of JavaScript gets its turn then. */

const path = (file: string) => fileURLToPath(new URL(`../../../${file}`, import.meta.url))
const executable = path('bin/kubectl-npm.ts')
const preload = path('test/support/plugin/endless-function.ts')
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const nodes = fixture('two-nodes')
const node = ['--node', 'aks-oven-0', '--from', nodes]
const pods = ['bakery/oven-0', 'storefront/till-0']

interface Computation {
  readonly args: readonly string[]
  /** File and name of the function that does not end. */
  readonly endless: string
}

/** What reads a cluster has kubectl and a folder for its socket by then. */
const live: readonly Computation[] = [
  {args: ['translate', '--node', 'aks-oven-0'], endless: 'core/dump/read-dump.ts readDump'},
  {args: ['translate', '--node', 'aks-oven-0'], endless: 'core/translate/translate-node.ts translateNode'},
  {args: ['sets', '--node', 'aks-oven-0'], endless: 'core/translate/find-sets.ts findSets'},
  {args: ['trace', ...pods, '--port', '80'], endless: 'core/dump/read-dump.ts readDump'},
  {args: ['trace', ...pods, '--port', '80'], endless: 'core/trace/trace-packet.ts tracePacket'},
  {args: ['apply', '--dry-run', '--node', 'aks-oven-0'], endless: 'core/plan/plan-node.ts planNode'},
  {args: ['dump', '--redact', '-o', 'TARGET'], endless: 'plugin/dump/redact.ts redactDump'},
]

const files: readonly Computation[] = [
  {args: ['translate', ...node], endless: 'core/dump/read-dump.ts readDump'},
  {args: ['translate', ...node], endless: 'core/translate/translate-node.ts translateNode'},
  {args: ['sets', ...node], endless: 'core/translate/find-sets.ts findSets'},
  {args: ['resolve', 'app=web', ...node], endless: 'core/translate/resolve-names.ts resolveNames'},
  {args: ['describe', 'bakery/oven-0', ...node], endless: 'core/describe/describe.ts describe'},
  {args: ['diff', ...node], endless: 'core/drift/diff-node.ts diffNode'},
  {args: ['trace', ...pods, '--port', '80', '--from', nodes], endless: 'core/trace/trace-packet.ts tracePacket'},
  {args: ['matrix', '--ports', '80', ...node], endless: 'core/matrix/probe-nodes.ts probeNodes'},
  {args: ['verify', ...node], endless: 'core/verify/verify-node.ts verifyEach'},
  {args: ['metrics', ...node], endless: 'core/metrics/node-metrics.ts nodeMetrics'},
  {args: ['policies', ...node], endless: 'core/policies/list-policies.ts listPolicies'},
  {args: ['flows', 'denied', ...node], endless: 'core/flows/list-denied.ts listDenied'},
  {args: ['lint', '--from', nodes], endless: 'core/lint/lint-documents.ts lintDocuments'},
  {args: ['compile', '-f', `${nodes}/cluster.yaml`], endless: 'core/compile/policy-compilation.ts compilePolicies'},
  {args: ['dump', '--from', nodes, '-o', 'TARGET'], endless: 'core/dump/plan-dump.ts planDump'},
  {args: ['dump', '--redact', '--from', nodes, '-o', 'TARGET'], endless: 'plugin/dump/redact.ts redactDump'},
]

/** Those compute nothing: they wait for agents and for the API server, or look at PATH. */
const WAITING = ['completion', 'confirm', 'install', 'rollback', 'status', 'top', 'uninstall', 'version']

let bakery: Bakery
let folder: string
beforeAll(async () => {
  bakery = await startBakery()
  folder = mkdtempSync(join(tmpdir(), 'kubectl-npm-computing-'))
})
afterAll(async () => {
  await bakery?.[Symbol.asyncDispose]()
  rmSync(folder, {recursive: true, force: true})
})

async function signalled({args, endless}: Computation, signal: NodeJS.Signals, env: Record<string, string>) {
  const target = join(folder, 'out.tgz')
  const running = execa(process.execPath, ['--import', preload, executable, ...args.map(arg => arg.replace('TARGET', target))], {
    reject: false,
    input: '',
    env: {...env, NO_COLOR: '1', ENDLESS: endless},
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  let said = ''
  running.stderr.on('data', chunk => {
    said += chunk
  })
  await until(() => said.includes('computing\n') || running.nodeChildProcess.exitCode !== null)
  running.kill(signal)
  const {signal: endedBy} = await running
  return {endedBy, said}
}

test('every verb that computes is looked at', () => {
  const seen = new Set([...live, ...files].map(({args}) => args[0]))
  expect(new Set([...seen, ...WAITING])).toEqual(new Set(Object.keys(verbs)))
})

/** Each computation meets one of the signals. */
const withSignals = (computations: readonly Computation[]) =>
  computations.map((computation, index) => ({...computation, signal: SIGNALS[index % SIGNALS.length] as NodeJS.Signals}))

describe.skipIf(process.platform !== 'linux')('a signal ends at once, in the middle of a computation,', () => {
  test.each(withSignals(files))('$args.0 in $endless ($signal)', async ({signal, ...computation}) => {
    const {endedBy, said} = await signalled(computation, signal, {KUBECONFIG: '/no/such', KUBERNETES_SERVICE_HOST: ''})
    expect([said, endedBy]).toEqual(['computing\n', signal])
    expect(readdirSync(folder)).toEqual([])
  })

  test.each(withSignals(live))(
    '$args.0 of a cluster in $endless ($signal), and nothing is left',
    async ({signal, ...computation}) => {
      const {endedBy, said} = await signalled(computation, signal, bakery.api.env)
      expect([said.endsWith('computing\n'), endedBy]).toEqual([true, signal])
      expect(readdirSync(folder)).toEqual([])
      // The guard of kubectl learns a moment later that its plugin is gone.
      await until(() => processesOf(bakery.api.env.TMPDIR).length === 0)
      expect(readdirSync(bakery.api.env.TMPDIR)).toEqual(['.kubeconfig'])
    },
  )
})
