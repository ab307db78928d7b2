import {once} from 'node:events'
import {mkdirSync, writeFileSync} from 'node:fs'
import {type AddressInfo, createServer as createTcpServer} from 'node:net'
import {connect, createServer} from 'node:tls'
import {describe, expect, test} from 'vitest'
import type {WebSocket} from 'ws'
import {makeKey} from '../../../agent/serve/key.ts'
import type {Hello} from '../../../core/contract/agent.ts'
import {schemas} from '../../../core/contract/index.ts'
import {documentProcedures, type FakeAgentOptions, Refused, startFakeAgent} from '../../support/plugin/fake-agent.ts'
import {
  agentPod,
  type FakeApiOptions,
  kubeconfigFor,
  olderAgentPod,
  refusal,
  relayPod,
  startFakeApiServer,
  windowsAgentPod,
} from '../../support/plugin/fake-api-server.ts'
import {runCli} from '../../support/plugin/run-cli.ts'

/** What stands between a person and an answer, and the words that it is told in. */

async function screenOf(args: readonly string[], api: Partial<FakeApiOptions>, agent?: Partial<FakeAgentOptions>, exit = 2) {
  await using stack = new AsyncDisposableStack()
  const agents = agent && {'aks-1': stack.use(await startFakeAgent({node: 'aks-1', ...agent})).port}
  const server = stack.use(await startFakeApiServer({agents: agents ?? {'aks-1': 1}, ...api}))
  const {stdout, stderr, exitCode} = await runCli(args, {env: server.env})
  expect(stdout).toBe('')
  expect(exitCode).toBe(exit)
  return stderr
}

describe('the API server says no', () => {
  const forbid = (end: string, verb: string, resource: string) => (_method: string, path: string) =>
    path.endsWith(end)
      ? refusal(403, 'Forbidden', `x is forbidden: User "alice" cannot ${verb} resource "${resource}" in API group ""`)
      : undefined

  test.each<{name: string; answer: FakeApiOptions['answer']; says: string[]}>([
    {
      name: 'to a list of agents',
      answer: forbid('/pods', 'list', 'pods'),
      says: ['the right to list pods in namespace kubectl-npm', 'Role kubectl-npm-viewer has it', '--user=alice'],
    },
    {
      name: 'to a token',
      answer: forbid('/token', 'create', 'serviceaccounts/token'),
      says: ['the right to create serviceaccounts/token of npm-viewer', '--role=kubectl-npm-viewer --user=alice'],
    },
    {
      name: 'because what install made is not all there',
      answer: (_method, path) => (path.endsWith('/token') ? refusal(404, 'NotFound', 'npm-viewer not found') : undefined),
      says: ['npm-viewer not found', 'Make it again: kubectl npm install'],
    },
    {
      name: 'to anybody it does not know',
      answer: () => refusal(401, 'Unauthorized', 'Unauthorized'),
      says: ['error: the API server does not know you: Unauthorized', 'log in again'],
    },
    {
      name: 'because it is busy',
      answer: (_method, path) => (path.endsWith('/pods') ? refusal(429, 'TooManyRequests', 'too many requests') : undefined),
      says: ['/pods: too many requests', 'Try again'],
    },
  ])('$name', async ({answer, says}) => {
    const stderr = await screenOf(['diff'], answer ? {answer} : {}, {})
    for (const words of says) expect(stderr).toContain(words)
  })

  test('nobody may write where the agents were installed to read only', async () => {
    const answer: FakeApiOptions['answer'] = (_method, path) =>
      path.endsWith('/npm-operator/token') ? refusal(404, 'NotFound', 'serviceaccounts "npm-operator" not found') : undefined
    for (const args of [['apply', '--yes'], ['confirm']]) {
      const stderr = await screenOf(args, {answer}, {})
      expect(stderr).toContain('installed to read only, without account npm-operator in namespace kubectl-npm')
      expect(stderr).toContain('without --read-only: kubectl npm install')
    }
  })

  test('a person who may not list DaemonSets is answered all the same', async () => {
    await using agent = await startFakeAgent({node: 'aks-1', procedures: documentProcedures('aks-1', {'ipset-save.txt': ''})})
    await using api = await startFakeApiServer({
      agents: {'aks-1': agent.port},
      answer: (_method, path) => (path.endsWith('/daemonsets') ? refusal(403, 'Forbidden', 'no') : undefined),
    })
    const {stderr, exitCode} = await runCli(['sets'], {env: api.env})
    expect(stderr).not.toContain('DaemonSet')
    expect(exitCode).toBe(0)
  })
})

describe('another engine enforces the policies', () => {
  test.each([
    {daemonSets: ['cilium'], says: ['Cilium enforces its NetworkPolicies', 'eBPF']},
    {daemonSets: ['calico-node'], says: ['Calico enforces its NetworkPolicies', 'cali-']},
  ])('$daemonSets', async ({daemonSets, says}) => {
    for (const args of [['translate'], ['diff'], ['trace', '10.0.0.1', '10.0.0.2', '--port', '80']]) {
      // No agents are there either, and that is not what is said first.
      const stderr = await screenOf(args, {daemonSets, pods: []})
      for (const words of ['this cluster does not run Azure NPM', ...says]) expect(stderr).toContain(words)
    }
  })

  test('beside Azure NPM, and not at all', async () => {
    await using agent = await startFakeAgent({node: 'aks-1', procedures: documentProcedures('aks-1', {'ipset-save.txt': ''})})
    const run = async (...daemonSets: string[]) => {
      await using api = await startFakeApiServer({agents: {'aks-1': agent.port}, daemonSets})
      return await runCli(['sets'], {env: api.env})
    }
    expect((await run('azure-npm', 'cilium')).stderr).toContain('Cilium runs beside Azure NPM')
    expect((await run('kube-proxy')).stderr).toContain('no DaemonSet azure-npm runs in kube-system')
    expect((await run('azure-npm')).stderr).not.toContain('DaemonSet')
  })
})

describe('there is no agent that can be asked', () => {
  const unready = {phase: 'Running', conditions: [{type: 'Ready', status: 'False'}]}
  const withoutImage = {
    phase: 'Pending',
    containerStatuses: [{state: {waiting: {reason: 'ImagePullBackOff', message: 'no such image'}}}],
  }

  test.each<{
    name: string
    pods: object[]
    agentPods?: object[]
    answer?: FakeApiOptions['answer']
    args?: string[]
    says: string[]
  }>([
    {name: 'none at all', pods: [], says: ['no agent runs in namespace kubectl-npm', 'kubectl npm install', '--agent-namespace']},
    {
      name: 'it cannot get its image',
      pods: [relayPod('aks-1', unready)],
      agentPods: [agentPod('aks-1', withoutImage)],
      says: [
        'node aks-1: agent npm-agent-aks-1 does not run: ImagePullBackOff, no such image',
        'kubectl describe pod -n kubectl-npm-node npm-agent-aks-1',
      ],
    },
    {
      name: 'it is not ready',
      pods: [relayPod('aks-1', unready)],
      agentPods: [agentPod('aks-1', unready)],
      says: ['agent npm-agent-aks-1 is not ready'],
    },
    {
      name: 'its relay is not ready, and it is',
      pods: [relayPod('aks-1', withoutImage)],
      agentPods: [agentPod('aks-1')],
      says: [
        'node aks-1: relay npm-relay-aks-1 does not run: ImagePullBackOff',
        'kubectl describe pod -n kubectl-npm npm-relay-aks-1',
      ],
    },
    {
      name: 'there is a relay and no agent',
      pods: [relayPod('aks-1', unready)],
      says: [
        'node aks-1: relay npm-relay-aks-1 is not ready; no agent runs on that node',
        'kubectl get pods -n kubectl-npm-node',
      ],
    },
    {
      name: 'it is not ready, and the person may not see why',
      pods: [relayPod('aks-1', unready)],
      answer: (_method, path) =>
        path === '/api/v1/namespaces/kubectl-npm-node/pods' ? refusal(403, 'Forbidden', 'no') : undefined,
      says: [
        'node aks-1: relay npm-relay-aks-1 is not ready; it is ready when its agent is',
        'Role kubectl-npm-viewer there',
        'kubectl describe pod -n kubectl-npm npm-relay-aks-1',
        'kubectl get pods -n kubectl-npm-node',
      ],
    },
    {
      name: 'on a Windows node it is its own relay, and not ready',
      pods: [windowsAgentPod('aks-1', unready)],
      says: ['node aks-1: agent npm-relay-aks-1 is not ready', 'kubectl describe pod -n kubectl-npm npm-relay-aks-1'],
    },
    {
      name: 'it is of before there were relays',
      pods: [olderAgentPod('aks-1')],
      says: ['the agents in namespace kubectl-npm are of an older version', 'Upgrade the agents: kubectl npm install'],
    },
    {
      name: 'it alone is of before there were relays',
      pods: [olderAgentPod('aks-1'), relayPod('aks-2')],
      args: ['--node', 'aks-1'],
      says: ['node aks-1: its agent is of an older version', 'kubectl npm install'],
    },
    {
      name: 'on the node that was asked for',
      pods: [relayPod('aks-1')],
      args: ['--node', 'aks-7'],
      says: ['node aks-7: no agent runs there, or there is no such node', 'Agents run on: aks-1'],
    },
    {
      name: 'on the node of a pod',
      pods: [relayPod('aks-1')],
      args: ['--pod', 'a/b/c/d'],
      says: ['--pod a/b/c/d: not NAMESPACE/NAME'],
    },
    {
      name: 'nothing listens in the pod of its relay',
      pods: [relayPod('aks-2')],
      says: ['node aks-2: no relay listens there', 'connection refused'],
    },
  ])('$name', async ({pods, agentPods, answer, args = [], says}) => {
    const stderr = await screenOf(['translate', ...args], {pods, ...(agentPods && {agentPods}), ...(answer && {answer})})
    for (const words of says) expect(stderr).toContain(words)
  })

  test('a relay that reaches no agent ends the connection, and that is what is told', async () => {
    const relay = createTcpServer(socket => socket.destroy())
    await once(relay.listen(0, '127.0.0.1'), 'listening')
    try {
      const stderr = await screenOf(['translate'], {agents: {'aks-1': (relay.address() as AddressInfo).port}})
      expect(stderr).toContain('node aks-1: the connection was ended before the agent said anything')
      expect(stderr).toContain('kubectl get pods -n kubectl-npm-node -o wide --field-selector spec.nodeName=aks-1')
    } finally {
      relay.close()
    }
  })
})

describe('the agent says no', () => {
  const body = (code: string, message: string) => JSON.stringify({code, message, next: 'Do this.'})

  test.each([
    {
      status: 401,
      body: body('TOKEN_TOO_OLD', 'the token lives too long'),
      says: ['node aks-1: the token lives too long', 'Do this.'],
    },
    {status: 403, body: body('FORBIDDEN', 'npm-viewer may not'), says: ['node aks-1: npm-viewer may not', 'Do this.']},
    {status: 429, body: body('TOO_MANY', 'too many connections'), says: ['node aks-1: too many connections']},
    {status: 503, body: body('REVIEW_FAILED', 'the API server is away'), says: ['node aks-1: the API server is away']},
    {status: 418, body: body('FROM_THE_FUTURE', 'no tea'), says: ['node aks-1: no tea', 'Do this.']},
    {status: 404, body: '<html>', says: ['the agent refused with HTTP status 404', 'may be no agent']},
  ])('with $status $body', async ({says, ...refuse}) => {
    const stderr = await screenOf(['translate'], {}, {refuse})
    for (const words of says) expect(stderr).toContain(words)
  })

  test('to a procedure, with a refusal', async () => {
    const diff = () => {
      throw new Refused({
        code: 'NO_KNOWLEDGE',
        message: 'the agent does not watch the cluster',
        next: 'Start it without --no-watch.',
      })
    }
    const stderr = await screenOf(['diff'], {}, {procedures: {diff}})
    expect(stderr).toBe('error: node aks-1: the agent does not watch the cluster\n  Start it without --no-watch.\n')
  })

  test('text of an agent cannot reach the terminal as it is', async () => {
    const diff = () => {
      throw new Refused({code: 'READ_FAILED', message: '\u001b[2Jgone', next: '\u001b]0;title\u0007'})
    }
    const stderr = await screenOf(['diff'], {}, {procedures: {diff}})
    expect(stderr).toContain('\\x1b[2Jgone')
    expect(stderr).not.toContain('\u001b')
  })
})

describe('plugin and agent are of different versions', () => {
  test.each<{name: string; agent: Partial<FakeAgentOptions>; says: string[]}>([
    {
      name: 'an older contract',
      agent: {hello: {contract: {major: 0, minor: 9}}},
      says: ['node aks-1: the agent speaks contract 0, this plugin', 'Update the agents: kubectl npm install'],
    },
    {
      name: 'a newer contract',
      agent: {hello: {contract: {major: 2, minor: 0}}},
      says: ['the agent speaks contract 2', 'Update the plugin'],
    },
    {
      name: 'a newer contract whose hello has another shape',
      agent: {procedures: {hello: () => ({contract: {major: 3}, greeting: 'hi'})}},
      says: ['the agent speaks contract 3', 'Update the plugin'],
    },
    {
      name: 'an agent that knows fewer procedures',
      agent: {hello: {procedures: ['hello', 'status'], version: '0.0.9'}},
      says: ['node aks-1: agent 0.0.9 does not know "diff"', 'Update the agents: kubectl npm install'],
    },
    {
      name: 'the contract of ours, and a hello of another shape',
      agent: {procedures: {hello: () => ({contract: {major: 1, minor: 0}, greeting: 'hi'})}},
      says: ["node aks-1: the agent's answer is not as agreed: version: ", 'same version'],
    },
    {
      name: 'no contract at all',
      agent: {procedures: {hello: () => 'hi'}},
      says: ['node aks-1: the agent speaks contract unknown, this plugin', 'Update the plugin'],
    },
    {
      name: 'an agent that refuses this plugin itself',
      agent: {
        procedures: {
          hello: () => {
            throw new Refused({code: 'OTHER_CONTRACT', message: 'the plugin is older', next: 'Update the plugin.'})
          },
        },
      },
      says: ['error: node aks-1: the plugin is older\n  Update the plugin.'],
    },
    {
      name: 'an answer of another shape',
      agent: {procedures: {diff: () => ({kind: 'Verdicts'})}},
      says: ["node aks-1: the agent's answer is not as agreed", 'same version'],
    },
  ])('$name', async ({agent, says}) => {
    const stderr = await screenOf(['diff'], {}, agent)
    for (const words of says) expect(stderr).toContain(words)
  })

  describe('a newer minor version is asked as far as both go', () => {
    const hello = {
      contract: {major: 1, minor: 7},
      novelty: true,
      knowledge: {state: 'dreaming', pods: 1, namespaces: 1, policies: 1},
    }
    const status = {
      node: '?',
      version: '0.9.0',
      startedAt: '2026-11-27T08:00:00.000Z',
      knowledge: {...hello.knowledge, dreams: 3},
      connections: 1,
      subscriptions: 0,
      memoryBytes: 1,
      backend: 'bpf',
      novelty: {deep: true},
    }
    const drift = {
      apiVersion: 'kubectl-npm/v1',
      kind: 'Drift',
      node: '?',
      clean: true,
      items: [],
      notes: [],
      problems: [],
      novelty: 1,
    }
    const snapshots = documentProcedures('aks-1', {'ipset-save.txt': 'create azure-npm-1 hash:net\n'})
    const wrapped = Object.entries(snapshots).map(([name, procedure]) => [
      name,
      (...args: Parameters<typeof procedure>) => Object.assign(procedure(...args) ?? {}, {novelty: [1]}),
    ])
    const agent = {
      hello: hello as unknown as Partial<Hello>,
      procedures: {...Object.fromEntries(wrapped), status: () => status, diff: () => drift},
    }

    async function run(...args: string[]) {
      await using started = await startFakeAgent({node: 'aks-1', ...agent})
      await using api = await startFakeApiServer({agents: {'aks-1': started.port}})
      return await runCli(args, {env: api.env})
    }

    test('sets', async () => {
      const {stdout, exitCode} = await run('sets', '-o', 'name')
      expect(stdout).toBe('azure-npm-1\n')
      expect(exitCode).toBe(0)
    })

    test('diff', async () => {
      const {stdout, exitCode} = await run('diff')
      expect(stdout).toContain('node aks-1: clean')
      expect(exitCode).toBe(0)
    })

    test('status, and what is not known is not taken for well', async () => {
      const {stdout, stderr, exitCode} = await run('status', '-o', 'json')
      const list = JSON.parse(stdout)
      expect(schemas.AgentStatusList.parse(list)).toEqual(list)
      expect(list.items).toMatchObject([{node: 'aks-1', version: '0.9.0', knowledge: {state: 'stale'}, backend: 'unknown'}])
      expect([stderr, exitCode]).toEqual(['', 1])
    })

    test('version, beside ours', async () => {
      const {stdout, stderr, exitCode} = await run('version')
      expect(stdout).toMatch(
        /^kubectl npm \d+\.\d+\.\d+ \(Node\.js \d+.*\)\ninstalled   a .*: \/.*\nupgrade     .+\nagents      0\.9\.0 on aks-1\n$/,
      )
      expect([stderr, exitCode]).toEqual(['', 0])
      const list = JSON.parse((await run('version', '-o', 'json')).stdout)
      expect(schemas.VersionList.parse(list)).toEqual(list)
      expect(list.agents).toEqual([{node: 'aks-1', version: '0.9.0'}])
      expect(JSON.parse((await run('version', '--client', '-o', 'json')).stdout).agents).toEqual([])
    })
  })

  test('agents of several versions: those that can are asked, the others told of', async () => {
    const status = {
      node: '?',
      version: '0.1.0',
      startedAt: '2026-11-27T08:00:00.000Z',
      knowledge: {state: 'live', pods: 0, namespaces: 0, policies: 0},
      connections: 1,
      subscriptions: 0,
      memoryBytes: 1,
      backend: 'nft',
    }
    const procedures = {status: () => status}
    await using same = await startFakeAgent({node: 'aks-1', procedures})
    await using newer = await startFakeAgent({node: 'aks-2', procedures, hello: {contract: {major: 2, minor: 0}}})
    await using odd = await startFakeAgent({node: 'aks-3', procedures: {status: () => ({version: 7})}})
    await using api = await startFakeApiServer({agents: {'aks-1': same.port, 'aks-2': newer.port, 'aks-3': odd.port}})
    const {stdout, stderr, exitCode} = await runCli(['status'], {env: api.env})
    expect(stdout.split('\n').map(line => line.split(' ')[0])).toEqual(['NODE', 'aks-1', ''])
    expect(stderr).toContain('error: node aks-2: the agent speaks contract 2')
    expect(stderr).toContain("error: node aks-3: the agent's answer is not as agreed")
    expect(exitCode).toBe(1)
  })
})

describe('the way is not what it should be', () => {
  test('a relay in the middle gets a token that the agent refuses', async () => {
    await using agent = await startFakeAgent({node: 'aks-1'})
    const {key, certificate, audience} = await makeKey()
    let passed = ''
    const middle = createServer({key, cert: certificate}, client => {
      const upstream = connect({port: agent.port, host: '127.0.0.1', rejectUnauthorized: false})
      client.on('data', chunk => {
        passed += chunk.toString('latin1')
      })
      client.pipe(upstream).pipe(client)
      for (const each of [client, upstream]) each.on('error', () => {})
    })
    await once(middle.listen(0, '127.0.0.1'), 'listening')
    try {
      await using api = await startFakeApiServer({agents: {'aks-1': (middle.address() as AddressInfo).port}})
      const {stderr, exitCode} = await runCli(['translate'], {env: api.env})
      expect(stderr).toContain('node aks-1: the token is for another key')
      expect(exitCode).toBe(2)
      // It did see the token: one that is made for the relay's own key.
      expect(passed).toContain(agent.tokens[0])
      expect(api.tokenRequests.map(({spec}) => spec.audiences)).toEqual([[audience]])
      expect(agent.calls).toEqual([])
    } finally {
      middle.close()
    }
  })

  test('what listens there is no agent', async () => {
    const server = createTcpServer(socket => socket.end('SSH-2.0-OpenSSH_9.2\r\n').on('error', () => {}))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const stderr = await screenOf(['translate'], {agents: {'aks-1': (server.address() as AddressInfo).port}})
    server.close()
    expect(stderr).toContain('node aks-1: what answers there speaks no TLS 1.3')
  })

  test('the connection is cut in the middle of a dump', async () => {
    const procedures = documentProcedures('aks-1', {'ipset-save.txt': 'create azure-npm-1 hash:net\n'.repeat(2000)}, 100)
    const stderr = await screenOf(
      ['sets'],
      {},
      {
        procedures: {
          ...procedures,
          readSnapshot: (input, socket) => {
            if ((input['offset'] as number) < 200) return procedures['readSnapshot']?.(input, socket)
            socket.terminate()
            return undefined
          },
        },
      },
    )
    expect(stderr).toContain('error: node aks-1: the connection to the agent broke in the middle of an answer')
    expect(stderr).toContain('Run the command again.')
  })

  test('the agent is stopped in the middle', async () => {
    const stop = {
      diff: (_: unknown, socket: WebSocket) => new Promise(() => socket.close(1001, 'the agent is stopped')),
    }
    const stderr = await screenOf(['diff'], {}, {procedures: stop})
    expect(stderr).toContain('error: node aks-1: the agent was stopped in the middle of an answer')
  })

  test('a dump arrives damaged', async () => {
    const readSnapshot = () => ({base64: Buffer.from('no gzip at all').toString('base64'), end: true, problems: []})
    const procedures = {...documentProcedures('aks-1', {'ipset-save.txt': 'x'}), readSnapshot}
    const stderr = await screenOf(['sets'], {}, {procedures})
    expect(stderr).toContain('error: aks-1/ipset-save.txt: what the agent sent cannot be unpacked')
  })
})

/** By the way without kubectl, through the whole program; single faults are in test/plugin/kubernetes/both-ways.test.ts. */
describe('without kubectl', () => {
  test.each<{name: string; answer: FakeApiOptions['answer']; says: string[]}>([
    {
      name: 'a token is refused',
      answer: (_method, path) =>
        path.endsWith('/token')
          ? refusal(403, 'Forbidden', 'x is forbidden: User "alice" cannot create resource "serviceaccounts/token"')
          : undefined,
      says: ['the right to create serviceaccounts/token of npm-viewer', '--role=kubectl-npm-viewer --user=alice'],
    },
    {
      name: 'nobody listens in the pod',
      answer: undefined,
      says: ['node aks-1: no relay listens there: error forwarding port'],
    },
  ])('$name', async ({answer, says}) => {
    const stderr = await screenOf(['diff', '--via', 'library'], answer ? {answer} : {}, answer && {})
    for (const words of says) expect(stderr).toContain(words)
  })
})

describe('there is no kubectl on PATH', () => {
  const env = {PATH: '/nowhere', KUBECTL: ''}

  test('so it goes without', async () => {
    await using agent = await startFakeAgent({node: 'aks-1', procedures: documentProcedures('aks-1', {'ipset-save.txt': ''})})
    await using api = await startFakeApiServer({agents: {'aks-1': agent.port}})
    const {stdout, exitCode} = await runCli(['sets', '-o', 'json'], {env: {...api.env, ...env}})
    expect([JSON.parse(stdout).node, exitCode]).toEqual(['aks-1', 0])
  })

  test('and the other way is not open either: both are said', async () => {
    await using api = await startFakeApiServer({agents: {}})
    const {stderr, exitCode} = await runCli(['translate', '--context', 'nope'], {env: {...api.env, ...env}})
    expect(stderr).toContain('error: there is no kubectl, and without it: kubeconfig: context "nope" does not exist')
    expect(stderr).toContain('There is: fake')
    expect(stderr).toContain('Or install kubectl')
    expect(exitCode).toBe(2)
  })

  test('and --via kubectl wants it', async () => {
    await using api = await startFakeApiServer({agents: {}})
    const {stderr, exitCode} = await runCli(['translate', '--via', 'kubectl'], {env: {...api.env, ...env}})
    expect(stderr).toContain('error: kubectl is not there')
    expect(stderr).toContain('--via library')
    expect(exitCode).toBe(2)
  })
})

describe('kubectl says no', () => {
  test.each<{args: string[]; env?: Record<string, string>; says: string[]}>([
    {args: ['--context', 'nope'], says: ['kubectl: context "nope" does not exist', 'kubectl config get-contexts']},
    {args: ['--kubeconfig', '/no/such'], says: ['kubectl: stat /no/such: no such file or directory', 'kubectl config view']},
    {args: [], env: {KUBECTL: '/no/kubectl'}, says: ['/no/kubectl is not there', 'Install kubectl', '--from']},
    {args: ['--request-timeout', 'soon'], says: ['--request-timeout soon is no duration', '30s']},
  ])('$args $env', async ({args, env = {}, says}) => {
    await using api = await startFakeApiServer({agents: {}})
    const {stderr, exitCode} = await runCli(['translate', ...args], {env: {...api.env, ...env}})
    for (const words of says) expect(stderr).toContain(words)
    expect(exitCode).toBe(2)
  })

  test('because nobody listens at the address of the kubeconfig', async () => {
    await using api = await startFakeApiServer({agents: {}})
    const {env} = api
    await api[Symbol.asyncDispose]()
    mkdirSync(env.TMPDIR, {recursive: true})
    writeFileSync(env.KUBECONFIG, kubeconfigFor(api.url))
    const {stderr} = await runCli(['translate'], {env})
    expect(stderr).toMatch(/^error: the API server cannot be reached: dial tcp 127\.0\.0\.1:\d+: connect: connection refused\n/)
    expect(stderr).toContain('kubectl cluster-info')
  })

  test('the API server does not answer in the time given', async () => {
    const answer = () => 'never' as const
    const stderr = await screenOf(['translate', '--request-timeout', '300ms'], {answer})
    expect(stderr).toContain('no answer of the API server within 0.3 s')
    expect(stderr).toContain('--request-timeout')
  })
})
