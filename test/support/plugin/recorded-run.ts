import {once} from 'node:events'
import {readFileSync, writeFileSync} from 'node:fs'
import {chmod, mkdir} from 'node:fs/promises'
import {createServer} from 'node:http'
import {join} from 'node:path'
import {Writable} from 'node:stream'
import {text as textOf} from 'node:stream/consumers'
import {setTimeout} from 'node:timers/promises'
import type {WriteResult} from '../../../core/contract/writes.ts'
import {decodeText} from '../../../core/text/decode.ts'
import packageFacts from '../../../package.json' with {type: 'json'}
import {runCli} from '../../../plugin/cli.ts'
import {setServices} from '../../../plugin/services.ts'
import {temporaryFolder} from '../temporary-folder.ts'
import {relayPod} from './fake-api-server.ts'
import {fixture} from './run-cli.ts'

/** Runs command lines of the plugin in this process, and tells all that they did: for tests that run hundreds. */

/** What somebody outside sees of a run. */
export interface RecordedRun {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
  /** Command lines of kubectl, without the path of the socket. */
  readonly kubectl: readonly string[]
  /** `METHOD /path?query` at the API server. */
  readonly requests: readonly string[]
  /** What this machine was asked for, by `--local`. */
  readonly local: readonly string[]
}

export interface Recorder extends AsyncDisposable {
  /** @param words `FOLDER` in them is a folder that is there for all runs */
  run(words: readonly string[]): Promise<RecordedRun>
}

/** A kubectl whose proxy is the server of the test. */
const KUBECTL = (calls: string, socket: string) => `#!/bin/sh
for word; do case $word in --unix-socket=*) ln -s '${socket}' "\${word#*=}"; proxy=yes ;; *) said="$said $word" ;; esac; done
echo "$said" >>'${calls}'
[ -n "$proxy" ] || { echo 'error: this kubectl does no more' >&2; exit 1; }
echo 'Starting to serve on a socket'
exec sleep 60
`

/** For Kubernetes' client, which finds nobody there. */
const KUBECONFIG = `apiVersion: v1
kind: Config
current-context: one
contexts: [{name: one, context: {cluster: one, user: one, namespace: shop}}]
clusters: [{name: one, cluster: {server: 'http://127.0.0.1:9'}}]
users: [{name: one, user: {}}]
`

const LOCAL_NODE = 'aks-shop-1'
const nodeDocuments = (['iptables-nft-save', 'ipset-save'] as const).map(file => ({
  kind: file === 'ipset-save' ? ('ipset-save' as const) : ('iptables-save' as const),
  // As of a tool, whose output is whole when it has ended well.
  name: file,
  folder: 'local',
  text: decodeText(readFileSync(fixture(`../../examples/shop/nodes/${LOCAL_NODE}/${file}.txt`))),
}))

const RESTORE_POINTS = ['root', 'alice'].map((by, at) => ({
  id: `000${at + 1}-20261130T090000Z`,
  takenAt: '2026-11-30T09:00:00Z',
  by,
  verb: 'apply',
  outcome: 'applied',
}))

/** Plays this machine, as a node that lacks one member of a set. */
function playLocalNode(asked: string[]): void {
  const result = (verb: WriteResult['verb'], options: object): WriteResult => {
    asked.push(`${verb} ${JSON.stringify(options)}`)
    return {
      apiVersion: 'kubectl-npm/v1',
      kind: 'WriteResult',
      node: LOCAL_NODE,
      id: '0001-20261130T090000Z',
      verb,
      outcome: 'applied',
      state: 'after',
      operations: 1,
      durationMs: 100,
      problems: [],
    }
  }
  setServices({
    localDocuments: async () => {
      asked.push('documents')
      return {node: LOCAL_NODE, documents: new Map()}
    },
    readLocal: async () => {
      asked.push('rules')
      return {node: LOCAL_NODE, documents: nodeDocuments, problems: []}
    },
    localCounters: () => {
      asked.push('counters')
      throw new Error('this machine does not count')
    },
    hasNpmProcess: async () => true,
    openWriter: async stateDir => {
      asked.push(`writer ${stateDir}`)
      return {
        node: LOCAL_NODE,
        apply: async (plan, options) => result('apply', {plan: plan.digest, ...options, signal: undefined}),
        rollback: async options => result('rollback', {...options, signal: undefined}),
        confirm: async options => result('confirm', {...options, signal: undefined}),
        status: async () => ({restorePoints: RESTORE_POINTS}),
        settled: async () => result('confirm', {}),
        stop: () => undefined,
      }
    },
  })
}

/** Opens what runs command lines. While it is open, this process has the streams and variables of the runs. */
export async function openRecorder(): Promise<Recorder> {
  await using stack = new AsyncDisposableStack()
  const {path: outer} = stack.use(await temporaryFolder())
  const at = (name: string): string => join(outer, name)
  const [folder, bin, calls, socket, kubectl] = [at('files'), at('bin'), at('calls'), at('api.sock'), at('kubectl')]
  await Promise.all([folder, bin].map(each => mkdir(each)))
  // A file that is there before any run.
  writeFileSync(join(folder, 'there.tgz'), '')
  // What completes is put beside it.
  writeFileSync(join(bin, 'kubectl-npm'), '#!/bin/sh\n', {mode: 0o755})
  const kubeconfig = at('kubeconfig')
  writeFileSync(kubeconfig, KUBECONFIG)
  writeFileSync(kubectl, KUBECTL(calls, socket))
  await chmod(kubectl, 0o755)
  const requests: string[] = []
  const server = createServer((request, response) => {
    const asked = `${request.method} ${request.url}`
    // What is stored is another request when it is something else. Bodies of others differ at each run.
    if (request.method === 'PATCH') void textOf(request).then(content => requests.push(`${asked} ${content}`))
    else requests.push(asked)
    const [status, body] = answerTo(request.url ?? '')
    // Longer than the shortest limit on an answer.
    void setTimeout(15).then(() => response.writeHead(status, {'content-type': 'application/json'}).end(JSON.stringify(body)))
  })
  server.on('upgrade', (request, upgraded) => {
    requests.push(`${request.method} ${request.url}`)
    upgraded.destroy()
  })
  await once(server.listen(socket), 'listening')
  stack.defer(async () => {
    server.closeAllConnections()
    server.close()
  })
  const local: string[] = []
  playLocalNode(local)
  for (const [name, value] of Object.entries({
    KUBECTL: kubectl,
    KUBECONFIG: kubeconfig,
    NO_COLOR: undefined,
    TMPDIR: outer,
    PATH: `${bin}:${process.env['PATH']}`,
  }))
    stack.defer(replaced(process.env, name, value))
  stack.defer(replaced(process, 'getuid', () => 0))
  const disposal = stack.move()
  return {
    async run(words) {
      for (const list of [requests, local]) list.length = 0
      writeFileSync(calls, '')
      const [stdout, stderr] = [collector(), collector()]
      const restore = [replaced(process, 'stdout', stdout), replaced(process, 'stderr', stderr)]
      try {
        const exitCode = await Promise.race([
          runCli(
            words.map(word => word.replace('FOLDER', folder)),
            packageFacts,
            ROOT,
          ),
          tooLong(words),
        ])
        return {
          stdout: plain(stdout.text(), outer),
          stderr: plain(stderr.text(), outer),
          exitCode,
          kubectl: readFileSync(calls, 'utf8').split('\n').filter(Boolean),
          requests: requests.toSorted(),
          local: [...local],
        }
      } finally {
        for (const each of restore) each()
      }
    },
    [Symbol.asyncDispose]: () => disposal.disposeAsync(),
  }
}

const MOST_MS = 30_000
async function tooLong(words: readonly string[]): Promise<never> {
  await setTimeout(MOST_MS, undefined, {ref: false})
  throw new Error(`${words.join(' ')}: not done after ${MOST_MS} ms`)
}

const ROOT = join(import.meta.dirname, '../../..')

/** Paths and numbers that are others at each run. */
const plain = (text: string, outer: string): string =>
  text.replaceAll(/\/[^\s:]*kubectl-npm-[\w-]+\/api\.sock/g, 'SOCKET').replaceAll(outer, 'FOLDER')

/** Of what install has made. */
const OWN = {'app.kubernetes.io/part-of': 'kubectl-npm'}

function answerTo(url: string): [status: number, body: object] {
  if (/^\/api\/v1\/namespaces\/[^/]+\/pods\?/.test(url)) return [200, {items: [relayPod('aks-1'), relayPod('aks-2')]}]
  if (/pool(?:=|%3D)none/.test(url)) return [200, {items: []}]
  if (url.startsWith('/api/v1/nodes?')) return [200, {items: [{metadata: {name: 'aks-1', labels: {pool: 'one'}}}]}]
  if (/\/namespaces\/kubectl-npm(?:-node)?$/.test(url))
    return [200, {kind: 'Namespace', metadata: {name: url.split('/').at(-1), uid: '1', labels: OWN}}]
  if (/^\/apis?(?:\/v1)?$/.test(url)) return [200, {resources: [], groups: []}]
  if (/^\/apis\/rbac\S*s(?:\?|$)/.test(url)) return [200, {items: []}]
  if (/\/pods\/(?!none)[^/?]+$/.test(url)) return [200, {metadata: {name: 'db-0', namespace: 'shop'}, spec: {nodeName: 'aks-1'}}]
  return [
    404,
    {kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', message: 'there is no such thing', code: 404},
  ]
}

function collector(): Writable & {text: () => string} {
  const chunks: Buffer[] = []
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk)
      done()
    },
  })
  return Object.assign(stream, {text: () => Buffer.concat(chunks).toString()})
}

/** Puts another value in the place of a property. @returns puts the old one back */
function replaced(target: object, name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(target, name)
  if (target === process.env && value === undefined) delete process.env[name]
  else Object.defineProperty(target, name, {value, configurable: true, enumerable: true, writable: true})
  return () => {
    if (before) Object.defineProperty(target, name, before)
    else Reflect.deleteProperty(target, name)
  }
}
