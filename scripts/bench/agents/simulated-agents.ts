/**
 * Many agents as one process: `simulated-agents.ts KUBECONFIG SLOWEST_MS NODE…`. Each has a key, a port and a sign-in of its own,
 * as a real one has, and asks the real API server about every token; but what it compares is made up, and takes a time of its own.
 * The parent gets their ports by message, and asks for what the process has taken so far.
 */
import {once} from 'node:events'
import type {AddressInfo} from 'node:net'
import {Readable} from 'node:stream'
import {setTimeout as sleep} from 'node:timers/promises'
import {Rights} from '../../../agent/auth/rights.ts'
import {SignIn} from '../../../agent/auth/sign-in.ts'
import {SigningKeys} from '../../../agent/auth/signing-keys.ts'
import {openApiServer} from '../../../agent/kubernetes/open-api-server.ts'
import {limits} from '../../../agent/limits/limits.ts'
import {openLiveReader} from '../../../agent/live/open-live-reader.ts'
import {Changes} from '../../../agent/rpc/changes.ts'
import {AgentServer} from '../../../agent/rpc/server.ts'
import {makeKey} from '../../../agent/serve/key.ts'
import {secureContextOf} from '../../../agent/serve/sockets.ts'
import type {AgentStatus} from '../../../core/contract/agent.ts'
import type {Drift} from '../../../core/contract/drift.ts'
import {API_VERSION} from '../../../core/contract/version.ts'
import {nodeText} from '../live/node-text.ts'

const [kubeconfig = '', slowestMs = '0', ...nodes] = process.argv.slice(2)
const api = await openApiServer({kubeconfig})
const log = {
  info: () => {},
  warn: (fields: object, text: string) => console.error(text, fields),
  error: console.error,
  audit: () => {},
}
const version = '0.0.0'
/** Where the manifests put the agents. */
const namespace = 'kubectl-npm'

/** What all of them count: tools that print made-up rules and sets at once. */
const {rules, sets} = nodeText(20)
const list = sets
  .replaceAll(/^add .*\n/gm, '')
  .replaceAll(/^create (\S+) .*$/gm, 'Name: $1\nType: hash:net\nNumber of entries: 40')
const textOf = (command: string): string => (command === 'ipset' ? list : rules.replaceAll(/^-A/gm, '[0:0] -A'))
const live = openLiveReader({
  limits,
  run: async command => ({command, end: 'ok', failure: '', durationMs: 0, stdout: Buffer.from('v1.8.9 (nf_tables)')}),
  start: command => ({
    command,
    stdout: Readable.from([Buffer.from(textOf(command))]),
    ending: Promise.resolve({command, end: 'ok', failure: '', durationMs: 0}),
  }),
  legacyTables: async () => undefined,
  netlink: async () => undefined,
  npmPort: 1,
})

const start = async (node: string, index: number): Promise<number> => {
  const key = await makeKey()
  // Spread evenly, the last of them the slowest.
  const ms = (Number(slowestMs) * (index + 1)) / nodes.length
  const signIn = new SignIn({api, keys: new SigningKeys({api, limits, log}), audience: key.audience, namespace, node, limits})
  const rights = new Rights({api, namespace, node, limits})
  const knowledge: AgentStatus['knowledge'] = {state: 'live', pods: 0, namespaces: 0, policies: 0}
  const server: AgentServer = new AgentServer({
    agent: {
      version,
      node,
      log,
      limits,
      changes: new Changes(),
      writes: undefined,
      // What is measured does not read the node.
      snapshots: undefined as never,
      live,
      metrics: undefined as never,
      syncState: () => knowledge,
      status: () => ({
        node,
        version,
        startedAt: new Date().toISOString(),
        knowledge,
        connections: server.count,
        subscriptions: 0,
        memoryBytes: 0,
        backend: 'nft',
      }),
      demand: (caller, resource) => rights.demand(caller, resource),
      diff: async (): Promise<Drift> => {
        await sleep(ms)
        return {
          apiVersion: API_VERSION,
          kind: 'Drift',
          node,
          clean: true,
          items: [],
          notes: [],
          incomplete: [],
          causes: [],
          departures: [],
          judged: 'all',
          problems: [],
        }
      },
    },
    signIn: header => signIn.caller(header),
    onConnections: () => {},
  })
  // Without a relay: kwok forwards to ports only.
  const listener = server.forClients(secureContextOf(key)).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return (listener.address() as AddressInfo).port
}

process.send?.(await Promise.all(nodes.map(start)))
process.on('message', () => {
  const {user, system} = process.cpuUsage()
  process.send?.((user + system) / 1e6)
})
