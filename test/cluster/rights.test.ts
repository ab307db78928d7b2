import {createHash, createPrivateKey, sign} from 'node:crypto'
import {once} from 'node:events'
import {readFile} from 'node:fs/promises'
import {connect as connectTcp} from 'node:net'
import {createServer} from 'node:tls'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {WebSocket} from 'ws'
import {makeKey} from '../../agent/serve/key.ts'
import type {Procedure, Refusal} from '../../core/contract/agent.ts'
import {secure} from '../../plugin/agents/tls.ts'
import {AgentRefusal, Client} from '../support/agent/client.ts'
import {type AgentProcess, startAgent} from '../support/cluster/agent-process.ts'
import {describeControlPlane} from '../support/cluster/describe.ts'
import {type ControlPlane, startControlPlane} from './lab/control-plane.ts'
import {until} from './lab/wait.ts'

/** What somebody who shows a token is told: `welcome`, or the refusal with its HTTP status. */
type Answer = 'welcome' | {readonly status: number; readonly code: Refusal['code']; readonly message: string}

async function show(port: number, token: string | undefined): Promise<Answer> {
  const socket = new WebSocket(`wss://127.0.0.1:${port}/`, {
    rejectUnauthorized: false,
    ...(token !== undefined && {headers: {authorization: `Bearer ${token}`}}),
  })
  socket.on('error', () => {})
  try {
    return await new Promise<Answer>((resolve, reject) => {
      socket.once('open', () => resolve('welcome'))
      socket.once('error', reject)
      socket.once('unexpected-response', (_request, response) => {
        void response.toArray().then(parts => {
          const {code, message} = JSON.parse(Buffer.concat(parts as Buffer[]).toString()) as Refusal
          resolve({status: response.statusCode ?? 0, code, message})
        })
      })
    })
  } finally {
    socket.terminate()
  }
}

/** The audience of whoever listens on a port. */
async function audienceAt(port: number): Promise<string> {
  const stream = connectTcp(port, '127.0.0.1')
  const {audience, socket} = await secure(stream, AbortSignal.timeout(10_000))
  socket.destroy()
  return audience
}

const decode = (part: string): Record<string, unknown> => JSON.parse(Buffer.from(part, 'base64url').toString())
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The operator's right, and one who has it, in a namespace that is not the agents'. */
const elsewhere = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: {name: 'writes', namespace: 'default'},
      rules: [{apiGroups: ['npm.kubectl.io'], resources: ['applies'], verbs: ['create']}],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: {name: 'writes', namespace: 'default'},
      roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'writes'},
      subjects: [{kind: 'ServiceAccount', name: 'npm-viewer', namespace: 'kubectl-npm'}],
    },
  ],
}

describeControlPlane('who may use an agent, at a real API server', () => {
  let cluster: ControlPlane
  let agent: AgentProcess
  let other: AgentProcess
  let audience: string

  beforeAll(async () => {
    cluster = await startControlPlane()
    await cluster.kubectl(['apply', '-k', 'manifests/base'])
    agent = await startAgent(cluster, 'node1')
    other = await startAgent(cluster, 'node2')
    audience = await audienceAt(agent.port)
  })
  afterAll(async () => {
    await agent?.[Symbol.asyncDispose]()
    await other?.[Symbol.asyncDispose]()
    await cluster?.[Symbol.asyncDispose]()
  })

  async function tokenOf(account: string, ...flags: string[]): Promise<string> {
    const life = flags.includes('--duration') ? [] : ['--duration', '10m']
    return (await cluster.kubectl(['create', 'token', account, '-n', 'kubectl-npm', ...life, ...flags])).stdout.trim()
  }

  /** A token of ours with other times, signed as the API server would. */
  async function retimed(token: string, shiftSeconds: number): Promise<string> {
    const [header = '', payload = ''] = token.split('.')
    const claims = decode(payload) as {iat: number; nbf: number; exp: number}
    const {iat, nbf, exp} = claims
    const moved = {...claims, iat: iat + shiftSeconds, nbf: nbf + shiftSeconds, exp: exp + shiftSeconds}
    const content = `${header}.${encode(moved)}`
    const key = createPrivateKey(await readFile(cluster.serviceAccountKeyFile, 'utf8'))
    return `${content}.${sign('sha256', Buffer.from(content), {key, dsaEncoding: 'ieee-p1363'}).toString('base64url')}`
  }

  test('the viewer and the operator are let in with a token for this very agent', async () => {
    for (const account of ['npm-viewer', 'npm-operator'])
      expect(await show(agent.port, await tokenOf(account, '--audience', audience))).toBe('welcome')
  })

  describe.each<{who: string; token: () => Promise<string | undefined>; status: number; code: Refusal['code']; says: RegExp}>([
    {who: 'nobody in particular', token: async () => undefined, status: 401, code: 'NO_TOKEN', says: /token/},
    {who: 'garbage', token: async () => 'abc.def.ghi', status: 401, code: 'BAD_TOKEN', says: /token/},
    {
      who: 'the viewer, with a token for some other audience',
      token: () => tokenOf('npm-viewer', '--audience', 'npm-agent'),
      status: 401,
      code: 'BAD_TOKEN',
      says: /agent/,
    },
    {
      who: "the viewer, with a token for another node's agent",
      token: async () => tokenOf('npm-viewer', '--audience', await audienceAt(other.port)),
      status: 401,
      code: 'BAD_TOKEN',
      says: /agent/,
    },
    {
      who: 'the viewer, with a token for the API server',
      token: () => tokenOf('npm-viewer'),
      status: 401,
      code: 'BAD_TOKEN',
      says: /agent/,
    },
    {
      who: 'the viewer, with a token that was asked for an hour',
      token: () => tokenOf('npm-viewer', '--audience', audience, '--duration', '1h'),
      status: 401,
      code: 'TOKEN_TOO_OLD',
      says: /60 minutes; the agent takes 10/,
    },
    {
      who: 'the viewer, with an expired token',
      token: async () => retimed(await tokenOf('npm-viewer', '--audience', audience), -900),
      status: 401,
      code: 'TOKEN_TOO_OLD',
      says: /old|over|expired|ended/,
    },
    {
      who: "the agent's own account",
      token: () => tokenOf('npm-agent', '-n', 'kubectl-npm-node', '--audience', audience),
      status: 403,
      code: 'WRONG_ACCOUNT',
      says: /npm-agent/,
    },
    {
      who: 'a person with her own token',
      token: async () => cluster.tokenOf('alice'),
      status: 401,
      code: 'BAD_TOKEN',
      says: /token/,
    },
  ])('$who', ({token, status, code, says}) => {
    test(`is refused with ${code}`, async () => {
      const answer = await show(agent.port, await token())
      expect(answer).toMatchObject({status, code})
      expect((answer as {message: string}).message).toMatch(says)
    })
  })

  test('a changed signature is refused', async () => {
    const token = await tokenOf('npm-viewer', '--audience', audience)
    const [header, payload, signature = ''] = token.split('.')
    const changed = `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
    expect(await show(agent.port, changed)).toMatchObject({status: 401, code: 'BAD_TOKEN'})
  })

  test('a token dies with its account', async () => {
    const token = await tokenOf('npm-operator', '--audience', audience)
    await cluster.kubectl(['delete', 'serviceaccount', 'npm-operator', '-n', 'kubectl-npm'])
    await cluster.kubectl(['create', 'serviceaccount', 'npm-operator', '-n', 'kubectl-npm'])
    expect(await show(agent.port, token)).toMatchObject({status: 401, code: 'BAD_TOKEN'})
  })

  test('who takes the place of an agent catches a token that opens nothing, and cannot pass it on', async () => {
    const {key, certificate} = await makeKey()
    const caught: string[] = []
    const impostor = createServer({key, cert: certificate, minVersion: 'TLSv1.3'}, socket => {
      socket.on('error', () => {})
      socket.on('data', data => {
        const token = /authorization: Bearer (\S+)/i.exec(data.toString())?.[1]
        if (token !== undefined) caught.push(token)
        socket.destroy()
      })
    })
    await once(impostor.listen(0, '127.0.0.1'), 'listening')
    const {port} = impostor.address() as {port: number}
    try {
      // What the plugin does: it asks for a token for the key that it sees.
      const seen = await audienceAt(port)
      await show(port, await tokenOf('npm-viewer', '--audience', seen)).catch(() => {})
      const [token] = await until('the impostor has a token', async () => caught.length > 0 && caught)
      for (const target of [agent, other]) expect(await show(target.port, token)).toMatchObject({status: 401, code: 'BAD_TOKEN'})
      const kubectl = await cluster.kubectl(
        [
          'get',
          'pods',
          '--token',
          token as string,
          '--kubeconfig',
          '/dev/null',
          '--server',
          cluster.url,
          '--insecure-skip-tls-verify',
        ],
        {allowFailure: true},
      )
      expect(kubectl).toMatchObject({exitCode: 1, stderr: expect.stringMatching(/Unauthorized|logged in/)})
    } finally {
      impostor.close()
    }
  })

  describe('a flood of a thousand tokens', () => {
    const reviews = async () =>
      (await cluster.auditLines()).filter(({objectRef, verb}) => verb === 'create' && objectRef?.resource === 'tokenreviews')
        .length
    /** Every tenth one is good. @returns how many of those were let in */
    const flood = async (target: AgentProcess, forge: (good: string, index: number) => string) => {
      const own = await audienceAt(target.port)
      let welcome = 0
      for (let round = 0; round < 10; round++) {
        const good = await tokenOf('npm-viewer', '--audience', own)
        const answers = await Promise.all(
          Array.from({length: 10}, (_, index) => show(target.port, index === 5 ? good : forge(good, round * 10 + index))),
        )
        expect(answers.filter((answer, index) => index !== 5 && answer === 'welcome')).toEqual([])
        if (answers[5] === 'welcome') welcome++
      }
      return welcome
    }
    const withSignature = (good: string, index: number) => {
      const [header, payload] = good.split('.')
      return `${header}.${payload}.${createHash('sha512').update(`${index}`).digest('base64url')}`
    }
    const withKey = (good: string, index: number) => {
      const [header = '', payload] = good.split('.')
      return `${encode({...decode(header), kid: `key-${index}`})}.${payload}.${createHash('sha512').update(`${index}`).digest('base64url')}`
    }

    test('that are forged with the name of the real key is no review, and every good one is let in', async () => {
      const before = await reviews()
      expect(await flood(agent, withSignature)).toBe(10)
      expect((await reviews()) - before).toBe(10)
    })

    test('that name keys which are not there keeps no good one out, and the keys are not asked for each time', async () => {
      const fetches = async () => (await cluster.auditLines()).filter(({requestURI}) => requestURI === '/openid/v1/jwks').length
      const before = await fetches()
      const startedAt = Date.now()
      expect(await flood(agent, withKey)).toBe(10)
      expect((await fetches()) - before).toBeLessThanOrEqual(2 + (Date.now() - startedAt) / 2000)
    })

    test('lets good ones in where service accounts may not read the keys, and status says what is then weaker', async () => {
      const binding = ['clusterrolebinding', 'system:service-account-issuer-discovery']
      await cluster.kubectl(['delete', ...binding])
      try {
        await using blind = await startAgent(cluster, 'node3')
        expect(await flood(blind, (good, index) => (index % 10 === 0 ? withSignature(good, index) : 'abc.def.ghi'))).toBe(10)
        expect(blind.log()).toMatch(/Signatures of tokens cannot be checked here/)
        expect(blind.log()).toMatch(/was refused with 403/)
      } finally {
        await cluster.restart()
      }
    })
  })

  test('without its binding the account is refused within seconds, also on a connection that is open', async () => {
    const socket = new WebSocket(`wss://127.0.0.1:${agent.port}/`, {
      rejectUnauthorized: false,
      headers: {authorization: `Bearer ${await tokenOf('npm-viewer', '--audience', audience)}`},
    })
    await once(socket, 'open')
    const status = async (): Promise<string> => {
      socket.send(JSON.stringify({id: 1, method: 'query', params: {path: 'status'}}))
      const [message] = (await once(socket, 'message')) as [Buffer]
      return message.toString()
    }
    try {
      expect(JSON.parse(await status())).toMatchObject({result: {data: {node: 'node1'}}})
      await cluster.kubectl(['delete', 'rolebinding', 'npm-viewer', '-n', 'kubectl-npm'])
      const refusal = await until('the right is gone', async () => {
        const said = await status()
        return said.includes('"error"') && said
      })
      expect(refusal).toMatch(/npm-viewer may not get status\.npm\.kubectl\.io .*node1.* in namespace kubectl-npm/)
    } finally {
      socket.terminate()
      await cluster.kubectl(['apply', '-k', 'manifests/base'])
    }
  })

  describe('what each account may ask an agent for', () => {
    /** Asks for everything, in ways that change nothing: no plan is there, and nothing was ever written. */
    const questions: Readonly<Record<Exclude<Procedure, 'statusChanges'>, unknown>> = {
      hello: {contract: {major: 1, minor: 1}, version: 'x'},
      status: undefined,
      openSnapshot: {documents: ['versions.txt']},
      readSnapshot: {id: 'x', document: 'versions.txt', offset: 0},
      closeSnapshot: {id: 'x'},
      diff: {},
      samples: {intervalMs: 60_000, detail: 'summary'},
      metrics: {setCounts: false, compare: false},
      writes: undefined,
      stagePlan: {offset: 0, base64: 'AAAA'},
      applyPlan: {stagedId: 'x'},
      rollback: {},
      confirm: {},
    }
    const writing = ['stagePlan', 'applyPlan', 'rollback', 'confirm']

    /** @returns the procedures that the right is missing for */
    async function forbiddenTo(account: string): Promise<string[]> {
      const socket = new WebSocket(`wss://127.0.0.1:${agent.port}/`, {
        rejectUnauthorized: false,
        headers: {authorization: `Bearer ${await tokenOf(account, '--audience', audience)}`},
      })
      await once(socket, 'open')
      await using client = new Client(socket)
      const forbidden: string[] = []
      for (const [name, input] of Object.entries(questions)) {
        const error = await client.ask(name as Procedure, input).catch((error: unknown) => error)
        if (error instanceof AgentRefusal && error.refusal?.code === 'FORBIDDEN') forbidden.push(name)
      }
      return forbidden
    }

    test('the viewer may read and not write, the operator both; each refused write is in the record', async () => {
      expect(await forbiddenTo('npm-viewer')).toEqual(writing)
      expect(await forbiddenTo('npm-operator')).toEqual([])
      const lines = agent.log().split('\n')
      const refused = lines.filter(line => line.includes('a write was refused') && line.includes('"FORBIDDEN"'))
      expect(refused).toHaveLength(3)
      await until('their number is there when the client has gone', async () => agent.log().includes('"refusedWrites":4'))
    })

    test('a right to write in another namespace is none here', async () => {
      await cluster.kubectl(['apply', '-f', '-'], {input: JSON.stringify(elsewhere)})
      expect(await forbiddenTo('npm-viewer')).toEqual(writing)
    })

    test('without its binding the operator may nothing, within seconds', async () => {
      await cluster.kubectl(['delete', 'rolebinding', 'npm-operator', '-n', 'kubectl-npm'])
      try {
        await until('the right is gone', async () => (await forbiddenTo('npm-operator')).length === Object.keys(questions).length)
      } finally {
        await cluster.kubectl(['apply', '-k', 'manifests/base'])
      }
    })
  })

  describe('writing', () => {
    /** What the agent answers an account to a request to write, and what its log has of it. */
    async function writeAs(account: string) {
      const token = await tokenOf(account, '--audience', audience)
      const {jti} = decode(token.split('.')[1] as string) as {jti: string}
      const headers = {authorization: `Bearer ${token}`}
      const socket = new WebSocket(`wss://127.0.0.1:${agent.port}/`, {rejectUnauthorized: false, headers})
      try {
        await once(socket, 'open')
        // A restore point that is not there: nothing of this machine is written.
        socket.send(JSON.stringify({id: 1, method: 'mutation', params: {path: 'rollback', input: {to: 'none'}}}))
        const [message] = (await once(socket, 'message')) as [Buffer]
        const audit = await until('the agent has written it down', async () => {
          const lines = agent.log().split('\n')
          return lines.find(line => /"msg":"[Aa] write/.test(line) && line.includes(`JTI=${jti}`))
        })
        return {said: message.toString(), audit: JSON.parse(audit) as Record<string, unknown>}
      } finally {
        socket.terminate()
      }
    }

    test('is refused to the viewer, and the log has who asked for what', async () => {
      const {said, audit} = await writeAs('npm-viewer')
      expect(said).toMatch(/npm-viewer may not create applies\.npm\.kubectl\.io/)
      expect(audit).toMatchObject({msg: 'a write was refused', path: 'rollback', code: 'FORBIDDEN'})
    })

    test('is begun for the operator, and refused within seconds when its binding is gone', async () => {
      const {said, audit} = await writeAs('npm-operator')
      expect(said).toContain('there is no restore point none')
      expect(audit).toMatchObject({msg: 'A write failed', verb: 'rollback', outcome: 'failed', state: 'before'})
      await cluster.kubectl(['delete', 'rolebinding', 'npm-operator', '-n', 'kubectl-npm'])
      try {
        const refused = await until('the right is gone', async () => {
          const each = await writeAs('npm-operator')
          return each.said.includes('may not') && each
        })
        expect(refused.audit).toMatchObject({msg: 'a write was refused', code: 'FORBIDDEN'})
      } finally {
        await cluster.kubectl(['apply', '-k', 'manifests/base'])
      }
    })
  })

  test("the agent's log names the token as the audit log does, so that it is known who asked for it", async () => {
    const token = await tokenOf('npm-viewer', '--audience', audience)
    const {jti} = decode(token.split('.')[1] as string) as {jti: string}
    expect(await show(agent.port, token)).toBe('welcome')
    await until('the agent has written it down', async () => agent.log().includes(`"credential":"JTI=${jti}"`))
    const asked = await until('the API server has written it down', async () => {
      const events = (await cluster.auditLines()).filter(
        ({annotations}) => annotations?.['authentication.kubernetes.io/issued-credential-id'] === `JTI=${jti}`,
      )
      return events.length > 0 && events
    })
    expect(asked).toMatchObject([{verb: 'create', user: {username: 'admin'}, objectRef: {name: 'npm-viewer'}}])
  })

  test('neither tokens nor headers are in the log', () => {
    expect(agent.log()).toContain('a client was refused')
    expect(agent.log()).not.toMatch(/eyJ|authorization:|bearer ey/i)
  })
})
