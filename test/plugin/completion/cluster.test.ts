import {chmodSync, existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {execa} from 'execa'
import {describe, expect, test} from 'vitest'
import {builtFolder, builtPath} from '../../support/built-programs.ts'
import {complete, read} from '../../support/plugin/complete.ts'
import {documentProcedures, startFakeAgent} from '../../support/plugin/fake-agent.ts'
import {type FakeApiOptions, kubeconfigFor, refusal, relayPod, startFakeApiServer} from '../../support/plugin/fake-api-server.ts'
import {onTerminal} from '../../support/plugin/on-terminal.ts'
import {fixture} from '../../support/plugin/run-cli.ts'

/** Names of a cluster. API server and agents are stand-ins; kubectl, the bundle and the way between are real. */

const NOTHING = {items: {}, directive: 4}
const pods = [
  {metadata: {namespace: 'bakery', name: 'oven-0', labels: {app: 'oven'}}, spec: {nodeName: 'aks-1'}},
  {metadata: {namespace: 'storefront', name: 'till-0'}, spec: {nodeName: 'aks-2'}},
]
const objects = [
  ...pods.map(pod => ({kind: 'Pod', ...pod})),
  {kind: 'Namespace', metadata: {name: 'bakery'}},
  {kind: 'Namespace', metadata: {name: 'empty'}},
  {apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: {namespace: 'bakery', name: 'line'}, spec: {}},
]
const documents = {
  'iptables-nft-save.txt': readFileSync(fixture('captures/v2-base36-nft/iptables-save.txt'), 'utf8'),
  'ipset-list.txt': readFileSync(fixture('captures/v2-base36-nft/ipset-list.txt'), 'utf8'),
  'cluster.json': JSON.stringify({apiVersion: 'v1', kind: 'List', items: objects.map(each => ({apiVersion: 'v1', ...each}))}),
}
/** kubectl itself asks for the version before it calls the plugin. */
const isOurs = (request: string) => request !== 'GET /version'
const listOf = (items: readonly object[]) => ({body: {kind: 'List', apiVersion: 'v1', items}})

describe('with agents', () => {
  async function ask(words: readonly string[], options: Partial<FakeApiOptions> = {}) {
    await using agent = await startFakeAgent({node: 'aks-1', procedures: documentProcedures('aks-1', documents)})
    await using api = await startFakeApiServer({agents: {'aks-1': agent.port}, ...options})
    const completions = await complete(builtPath, words, api.env)
    return {...completions, names: Object.keys(completions.items), requests: [...api.requests], calls: [...agent.calls]}
  }

  test('nodes are those that have one, also one that is not ready', async () => {
    const starting = relayPod('aks-2', {phase: 'Pending'})
    for (const words of [
      ['translate', '--node', ''],
      ['status', '--node=aks'],
    ]) {
      const {names, requests} = await ask(words, {pods: [relayPod('aks-1'), starting]})
      expect(names).toEqual(['aks-1', 'aks-2'])
      expect(requests.filter(isOurs)).toEqual([
        'GET /api/v1/namespaces/kubectl-npm/pods',
        'GET /api/v1/namespaces/kubectl-npm-node/pods',
      ])
    }
  })

  test('a node that has none yet is offered to install', async () => {
    const {names} = await ask(['install', '--ephemeral', '--node', ''], {
      answer: (_, path) => (path === '/api/v1/nodes' ? listOf(['aks-1', 'aks-2'].map(name => ({metadata: {name}}))) : undefined),
    })
    expect(names).toEqual(['aks-1', 'aks-2'])
  })

  test.each([
    {words: ['trace', ''], says: ['external', 'bakery/oven-0', 'storefront/till-0']},
    {words: ['diff', '--pod', 'bak'], says: ['bakery/oven-0']},
    {words: ['matrix', '-n', ''], says: ['bakery', 'empty', 'storefront']},
    {words: ['translate', '--policy', 'bakery/li'], says: ['bakery/line']},
  ])('$words are what an agent knows, without a right on them', async ({words, says}) => {
    const {names, requests, calls} = await ask(words)
    expect(names).toEqual(says)
    expect(requests.filter(request => /nodes|networkpolicies|v1\/pods|v1\/namespaces$/.test(request))).toEqual([])
    // Rules are not read for it.
    expect(calls).toEqual(['hello', 'openSnapshot', 'readSnapshot', 'closeSnapshot'])
  })

  test('sets and chains are those of a node', async () => {
    expect((await ask(['sets', 'podlabel-app:ov'])).items).toEqual({'podlabel-app:oven': 'pods app=oven'})
    expect((await ask(['translate', '--node', 'aks-1', '--chain', 'AZURE-NPM-INGRESS-8'])).names).toEqual([
      'AZURE-NPM-INGRESS-8gp9s7ca2i',
    ])
  })

  test('what is not found in the time that the environment gives is not found', async () => {
    const within = async (seconds: string) => {
      await using api = await startFakeApiServer({agents: {'aks-1': 1}})
      const env = {...api.env, KUBECTL_NPM_COMPLETION_SECONDS: seconds}
      return (await complete(builtPath, ['translate', '--node', ''], env)).items
    }
    expect(await within('60')).toEqual({'aks-1': ''})
    expect(await within('0.001')).toEqual({})
  })

  test('the agents are where --agent-namespace says', async () => {
    const {names, requests} = await ask(['trace', '--agent-namespace', 'elsewhere', ''])
    expect(requests).toContain('GET /api/v1/namespaces/elsewhere/pods')
    expect(names).toEqual(['external'])
  })
})

describe('without agents', () => {
  const answer: NonNullable<FakeApiOptions['answer']> = (_, path) => {
    if (path === '/api/v1/nodes') return listOf([{metadata: {name: 'aks-1'}}])
    if (path === '/api/v1/pods') return listOf(pods)
    if (path === '/api/v1/namespaces/bakery/pods') return listOf(pods.slice(0, 1))
    if (path === '/api/v1/namespaces') return listOf([{metadata: {name: 'bakery'}}])
    if (path.endsWith('/networkpolicies')) return listOf([{metadata: {namespace: 'bakery', name: 'line'}}])
    return undefined
  }

  async function ask(...words: string[]) {
    await using api = await startFakeApiServer({agents: {}, answer})
    return {names: Object.keys((await complete(builtPath, words, api.env)).items), requests: [...api.requests]}
  }

  test.each([
    {words: ['translate', '--node', ''], says: ['aks-1']},
    {words: ['trace', ''], says: ['external', 'bakery/oven-0', 'storefront/till-0']},
    {words: ['matrix', '--namespace', ''], says: ['bakery']},
    {words: ['status', '--agent-namespace', ''], says: ['bakery']},
    {words: ['translate', '--policy', ''], says: ['bakery/line']},
    {words: ['sets', ''], says: []},
  ])('$words are what the API server lists', async ({words, says}) => {
    expect((await ask(...words)).names).toEqual(says)
  })

  test('pods of one namespace are asked for when it is known', async () => {
    const {names, requests} = await ask('trace', 'bakery/')
    expect(names).toEqual(['bakery/oven-0'])
    expect(requests).not.toContain('GET /api/v1/pods')
  })
})

describe('the kubeconfig', () => {
  test('is the one that the command line names, with its contexts', async () => {
    await using api = await startFakeApiServer({agents: {'aks-7': 1}})
    const file = api.env.KUBECONFIG
    const ask = async (...words: string[]) => (await complete(builtPath, words)).items
    expect(await ask('diff', '--kubeconfig', file, '--node', '')).toEqual({'aks-7': ''})
    expect(await ask('diff', `--kubeconfig=${file}`, '--context', '')).toEqual({fake: 'fake'})
    expect(await ask('diff', '--kubeconfig', file, '--cluster', '')).toEqual({fake: api.url})
    expect(await ask('diff', '--kubeconfig', file, '--user', '')).toEqual({me: ''})
    expect(await ask('diff', '--kubeconfig', file, '--context', 'nope', '--node', '')).toEqual({})
  })

  test('is not looked at where a verb reads files, or this machine', async () => {
    await using api = await startFakeApiServer({agents: {'aks-7': 1}})
    for (const words of [
      ['diff', '--from', '/no/such/dump', '--node', ''],
      ['diff', '--from', '-', '--node', ''],
      ['diff', '--local', '--pod', ''],
      ['compile', '--node', ''],
    ])
      expect(await complete(builtPath, words, api.env)).toEqual(NOTHING)
    expect(api.requests.filter(isOurs)).toEqual([])
  })

  test('nor is standard input read: it is for the command to come', async () => {
    const {stdout} = await execa(join(builtFolder, 'kubectl_complete-npm'), ['trace', '--from', '-', 'bak'], {
      env: {PATH: builtPath},
      input: documents['cluster.json'],
    })
    expect(read(stdout)).toEqual(NOTHING)
  })
})

describe('what stands in the way is not told, and nothing is left behind', () => {
  const executable = () => join(builtFolder, 'kubectl_complete-npm')
  const quiet = async (env: Record<string, string>) => {
    const {stdout, stderr, exitCode} = await execa(executable(), ['diff', '--node', ''], {
      env: {PATH: builtPath, ...env},
      input: '',
    })
    expect([read(stdout), stderr, exitCode]).toEqual([NOTHING, '', 0])
  }

  /** What waits until the time is over must have come that far before, on a busy machine too. */
  const withMoreTime = () => [2, 4, 8, 16, 32].map(seconds => ({KUBECTL_NPM_COMPLETION_SECONDS: String(seconds)}))

  test.each<{name: string; answer: FakeApiOptions['answer']}>([
    {name: 'a right is missing', answer: () => refusal(403, 'Forbidden', 'no')},
    {name: 'nobody knows the person', answer: () => refusal(401, 'Unauthorized', 'no')},
    {name: 'the API server does not answer', answer: () => 'never'},
    {name: 'it answers nonsense', answer: () => ({body: '<html>'})},
  ])('$name', async ({answer}) => {
    await using api = await startFakeApiServer({agents: {}, ...(answer && {answer})})
    for (const env of withMoreTime()) {
      await quiet({...api.env, ...env})
      if (api.requests.length > 0) break
    }
    expect(api.requests).not.toEqual([])
    expect(readdirSync(api.env.TMPDIR)).toEqual(['.kubeconfig'])
  })

  test('there is no kubectl, or no API server', async () => {
    await using api = await startFakeApiServer({agents: {}})
    await quiet({...api.env, KUBECTL: '/no/kubectl'})
    writeFileSync(api.env.KUBECONFIG, kubeconfigFor('http://127.0.0.1:1'))
    await quiet(api.env)
    writeFileSync(api.env.KUBECONFIG, '{')
    await quiet(api.env)
  })

  test('a login program has no terminal to ask at, and ends with it', async () => {
    await using api = await startFakeApiServer({agents: {'aks-1': 1}})
    const folder = api.env.TMPDIR
    const login = join(folder, 'login')
    const said = join(folder, 'said')
    const script = `#!/bin/sh\n(: </dev/tty) 2>/dev/null && tty=yes || tty=no\necho $$ $tty >${said}\necho Password: >&2\nexec sleep 1000\n`
    writeFileSync(login, script)
    chmodSync(login, 0o755)
    const exec = {apiVersion: 'client.authentication.k8s.io/v1', command: login, interactiveMode: 'IfAvailable'}
    // kubectl runs login programs for servers with TLS only.
    writeFileSync(api.env.KUBECONFIG, kubeconfigFor('https://127.0.0.1:1', {exec}))
    // With a terminal, as for a person who presses Tab.
    for (const env of withMoreTime()) {
      const {stdout} = await onTerminal(`${executable()} diff --node ''`, {PATH: builtPath, ...api.env, ...env})
      expect(stdout.trim()).toBe(':4')
      if (existsSync(said)) break
    }
    const [pid, tty] = readFileSync(said, 'utf8').trim().split(' ')
    expect(tty).toBe('no')
    const isRunning = () => existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2] !== 'Z'
    while (isRunning()) await new Promise(resolve => setTimeout(resolve, 20))
  })
})
