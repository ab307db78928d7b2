import {once} from 'node:events'
import {type IncomingMessage, request as plainRequest, type RequestOptions} from 'node:http'
import {request as secureRequest} from 'node:https'
import {connect, createServer, type Socket} from 'node:net'
import {gunzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {run as runTool} from '../../../agent/node/run.ts'
import {API_AUDIENCE, madeToken} from '../../support/agent/fake-reviews.ts'
import {fakeTools} from '../../support/agent/fake-tools.ts'
import {FakeWatch} from '../../support/agent/fake-watch.ts'
import {type OpenAgent, openAgent} from '../../support/agent/open-agent.ts'

const PROMETHEUS = 'system:serviceaccount:monitoring:prometheus'

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

interface Asked extends Pick<RequestOptions, 'method' | 'agent'> {
  readonly headers?: Readonly<Record<string, string>>
  readonly token?: string
  readonly isPlain?: boolean
}

async function scrape({metricsPort}: OpenAgent, path: string, {token, isPlain = false, ...more}: Asked = {}): Promise<Answer> {
  const request = isPlain ? plainRequest : secureRequest
  const authorization = token === undefined ? {} : {authorization: `Bearer ${token}`}
  const sent = request({
    host: '127.0.0.1',
    port: metricsPort,
    path,
    rejectUnauthorized: false,
    agent: false,
    ...more,
    headers: {...more.headers, ...authorization},
  })
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const pieces: Buffer[] = []
  for await (const piece of response) pieces.push(piece as Buffer)
  return {status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces)}
}

const text = ({body}: Answer): string => body.toString()
const forApi = {audience: API_AUDIENCE, account: PROMETHEUS, life: 3600}

describe('a scraper', () => {
  test('with a token of an account that may get the path reads both pages, and each review is asked for once', async () => {
    await using agent = await openAgent({metrics: {}})
    const token = agent.reviews.give(forApi)
    for (let round = 0; round < 3; round++) {
      const node = await scrape(agent, '/node-metrics', {token})
      expect(node.status).toBe(200)
      expect(node.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
      expect(text(node)).toContain('npm_agent_info{backend="unknown",version="1.2.3"} 1\n')
      const cluster = await scrape(agent, '/cluster-metrics', {token})
      expect(cluster.status).toBe(200)
      expect(text(cluster)).not.toContain('npm_agent')
    }
    expect(agent.reviews.tokenReviews.map(({spec}) => spec)).toEqual([{token}])
    expect(agent.reviews.accessReviews.map(({spec}) => spec)).toEqual(
      ['/node-metrics', '/cluster-metrics'].map(path =>
        expect.objectContaining({
          user: PROMETHEUS,
          uid: `uid-${PROMETHEUS}`,
          groups: ['system:serviceaccounts', 'system:authenticated'],
          nonResourceAttributes: {path, verb: 'get'},
        }),
      ),
    )
  })

  test('may show a token that is good for metrics alone, and is reviewed for that', async () => {
    await using agent = await openAgent({metrics: {}})
    const token = agent.reviews.give({...forApi, audience: 'npm-agent-metrics'})
    expect(await scrape(agent, '/node-metrics', {token})).toMatchObject({status: 200})
    expect(agent.reviews.tokenReviews.map(({spec}) => spec)).toEqual([{token, audiences: ['npm-agent-metrics']}])
  })

  test.each<{name: string; token: (agent: OpenAgent) => string | undefined; status: number; reviews: number; says: RegExp}>([
    {name: 'shows nothing', token: () => undefined, status: 401, reviews: 0, says: /no token/},
    {name: 'shows no token', token: () => 'password', status: 401, reviews: 0, says: /no JSON Web Token/},
    {name: 'has forged one', token: () => madeToken(forApi), status: 401, reviews: 0, says: /not signed/},
    {
      name: 'shows one whose time is over',
      token: ({reviews}) => reviews.give({...forApi, issued: -7200}),
      status: 401,
      reviews: 0,
      says: /time is over/,
    },
    {
      name: 'shows one for another server',
      token: ({reviews}) => reviews.give({...forApi, audience: 'vault'}),
      status: 401,
      reviews: 1,
      says: /does not accept the token/,
    },
    {
      name: 'shows one that a client got for this agent',
      token: agent => agent.token(),
      status: 401,
      reviews: 1,
      says: /does not accept the token/,
    },
    {
      name: 'may not get the path',
      token: ({reviews}) => reviews.give({...forApi, account: 'system:serviceaccount:default:default'}),
      status: 403,
      reviews: 1,
      says: /default:default may not get \/node-metrics/,
    },
  ])('who $name gets nothing', async ({token, status, reviews, says}) => {
    await using agent = await openAgent({metrics: {}})
    const shown = token(agent)
    const answer = await scrape(agent, '/node-metrics', shown === undefined ? {} : {token: shown})
    expect(answer.status).toBe(status)
    expect(text(answer)).toMatch(says)
    expect(text(answer)).not.toContain('npm_')
    expect(answer.headers.connection).toBe('close')
    expect(agent.reviews.tokenReviews).toHaveLength(reviews)
    const log = agent.log.join('\n')
    expect(log).toContain('A scrape was refused')
    if (shown !== undefined) expect(log).not.toContain(shown)
  })

  test('whom the API server cannot say anything of gets nothing, and may come back', async () => {
    await using agent = await openAgent({metrics: {}})
    const token = agent.reviews.give(forApi)
    agent.reviews.fault = async () => {
      throw new Error('connection refused')
    }
    expect(await scrape(agent, '/node-metrics', {token})).toMatchObject({status: 503, headers: {'retry-after': '5'}})
    agent.reviews.fault = undefined
    expect(await scrape(agent, '/node-metrics', {token})).toMatchObject({status: 200})
  })

  test('reads over plain HTTP without a token where the agent is told so', async () => {
    await using agent = await openAgent({metrics: {auth: 'none'}})
    expect(await scrape(agent, '/node-metrics?x=1', {isPlain: true})).toMatchObject({status: 200})
    expect(agent.reviews.tokenReviews).toEqual([])
  })

  test.each([
    ['gzip', true],
    ['deflate, GZIP;q=0.5', true],
    ['gzip;q=0', false],
    ['gzip; q=0.000', false],
    ['identity', false],
  ])('that takes %s gets gzip: %s', async (encoding, isGzip) => {
    await using agent = await openAgent({metrics: {auth: 'none'}})
    const answer = await scrape(agent, '/node-metrics', {isPlain: true, headers: {'accept-encoding': encoding}})
    expect(answer.headers['content-encoding']).toBe(isGzip ? 'gzip' : undefined)
    expect((isGzip ? gunzipSync(answer.body) : answer.body).toString()).toContain('npm_agent_info')
  })

  test.each([
    ['GET', '/metrics', 404],
    ['GET', '/', 404],
    ['GET', '//node-metrics', 404],
    ['GET', '/node-metrics/', 404],
    ['POST', '/node-metrics', 405],
    ['DELETE', '/cluster-metrics', 405],
    ['HEAD', '/cluster-metrics', 200],
  ])('that asks %s %s gets %i', async (method, path, status) => {
    await using agent = await openAgent({metrics: {auth: 'none'}})
    expect(await scrape(agent, path, {isPlain: true, method})).toMatchObject({status})
  })
})

describe('reading for scrapes', () => {
  /** Counts how often a tool is started. */
  const counted = async () => {
    const folder = await fakeTools({
      'iptables-nft-save': '[ "$1" = -c ] && echo x >>"$COUNT"; printf "*filter\\n:FORWARD ACCEPT [0:0]\\nCOMMIT\\n"',
      ipset: 'exit 0',
    })
    const {readFile, writeFile} = await import('node:fs/promises')
    const file = `${folder.folder}/count`
    await writeFile(file, '')
    process.env['COUNT'] = file
    return {folder, count: async () => (await readFile(file, 'utf8')).length / 2}
  }

  test('is done once for scrapes that come together, and again for later ones', async () => {
    const {folder, count} = await counted()
    await using _folder = folder
    await using agent = await openAgent({metrics: {auth: 'none'}, run: runTool, limits: {sharedScrapeMs: 60_000}})
    const paths = ['/node-metrics', '/cluster-metrics', '/node-metrics', '/node-metrics']
    const answers = await Promise.all(paths.map(path => scrape(agent, path, {isPlain: true})))
    expect(answers.map(({status}) => status)).toEqual([200, 200, 200, 200])
    expect(text(answers[1] as Answer)).toContain('npm_num_policies 0\n')
    expect(await count()).toBe(1)
    await using often = await openAgent({metrics: {auth: 'none'}, run: runTool, limits: {sharedScrapeMs: 0, scrapePauses: 0}})
    for (let round = 0; round < 3; round++) await scrape(often, '/node-metrics', {isPlain: true})
    expect(await count()).toBe(4)
  })

  test('leaves out what could not be read, and counts it', async () => {
    await using _tools = await fakeTools({'iptables-nft-save': 'echo "*filter"; exit 4', ipset: 'exit 0'})
    await using agent = await openAgent({metrics: {auth: 'none'}, run: runTool})
    expect(text(await scrape(agent, '/cluster-metrics', {isPlain: true}))).not.toContain('npm_num_policies')
    const page = text(await scrape(agent, '/node-metrics', {isPlain: true}))
    expect(page).toContain('npm_agent_read_problems_total 1\n')
    expect(page).not.toContain('npm_agent_policy_packets_total')
  })
})

describe('the comparison in the background', () => {
  const EMPTY = 'printf "*filter\\n:FORWARD ACCEPT [0:0]\\nCOMMIT\\n"'

  test('waits for minutes, but not after a write', async () => {
    await using _tools = await fakeTools({
      'iptables-nft-save': 'printf "*filter\\n:FORWARD ACCEPT [0:0]\\nCOMMIT\\n"',
      ipset: 'exit 0',
    })
    const limits = {sharedScrapeMs: 0, scrapePauses: 0, comparisonPauses: 0, scraperBurst: 1000}
    const watch = new FakeWatch()
    await using agent = await openAgent({metrics: {auth: 'none'}, run: runTool, watch, limits})
    const done = async () => {
      const page = text(await scrape(agent, '/node-metrics', {isPlain: true}))
      return Number(/^npm_agent_comparisons_total\{result="done"\} (\d+)$/m.exec(page)?.[1])
    }
    await expect.poll(done).toBe(1)
    for (let round = 0; round < 5; round++) expect(await done()).toBe(1)
    await using client = await agent.connectAsRoot()
    await client.ask('rollback', {})
    await expect.poll(done).toBe(2)
    for (let round = 0; round < 5; round++) expect(await done()).toBe(2)
  })

  test('does not begin before the cluster is known', async () => {
    await using _tools = await fakeTools({'iptables-nft-save': EMPTY, ipset: 'exit 0'})
    const watch = new FakeWatch()
    watch.asOf = undefined
    await using agent = await openAgent({
      metrics: {auth: 'none'},
      run: runTool,
      watch,
      limits: {sharedScrapeMs: 0, scrapePauses: 0},
    })
    const page = async () => text(await scrape(agent, '/node-metrics', {isPlain: true}))
    for (let round = 0; round < 3; round++) expect(await page()).toContain('npm_agent_comparisons_total{result="failed"} 0\n')
    watch.asOf = new Date().toISOString()
    await expect.poll(page).toContain('npm_agent_comparisons_total{result="done"} 1\n')
  })
})

describe('whoever has not signed in', () => {
  test('is cut off after a while, and does not keep scrapers out', async () => {
    const limits = {unauthenticatedConnections: 4, signInMs: 500, scraperBurst: 100}
    await using agent = await openAgent({metrics: {}, limits})
    const silent: Socket[] = []
    for (let index = 0; index < 20; index++) {
      const socket = connect(Number(agent.metricsPort), '127.0.0.1')
      socket.on('error', () => {})
      await once(socket, 'connect')
      silent.push(socket)
    }
    const token = agent.reviews.give(forApi)
    expect(await scrape(agent, '/node-metrics', {token})).toMatchObject({status: 200})
    await expect.poll(() => silent.every(({closed}) => closed)).toBe(true)
  })

  test('is turned away before any handshake when it comes too often', async () => {
    await using agent = await openAgent({metrics: {}, limits: {scraperBurst: 3, scrapersPerSecond: 0.001}})
    const token = agent.reviews.give(forApi)
    for (let index = 0; index < 3; index++) expect(await scrape(agent, '/node-metrics')).toMatchObject({status: 401})
    await expect(scrape(agent, '/node-metrics', {token})).rejects.toThrow(/ECONNRESET|socket disconnected|hang up/)
  })

  test('leaves the connection of a scraper alone, however often others come', async () => {
    await using agent = await openAgent({metrics: {}, limits: {scraperBurst: 3, scrapersPerSecond: 0.001}})
    const {Agent} = await import('node:https')
    const kept = new Agent({keepAlive: true, maxSockets: 1, rejectUnauthorized: false})
    const token = agent.reviews.give(forApi)
    expect(await scrape(agent, '/node-metrics', {token, agent: kept})).toMatchObject({status: 200})
    for (let index = 0; index < 10; index++) await scrape(agent, '/node-metrics').catch(() => {})
    expect(await scrape(agent, '/cluster-metrics', {token, agent: kept})).toMatchObject({status: 200})
    kept.destroy()
  })

  test('makes room as scrapers do when there are too many', async () => {
    await using agent = await openAgent({metrics: {auth: 'none'}, limits: {scrapers: 2}})
    const {Agent} = await import('node:http')
    const kept = Array.from({length: 4}, () => new Agent({keepAlive: true, maxSockets: 1}))
    const sockets: Socket[] = []
    for (const each of kept) {
      each.on('free', (socket: Socket) => sockets.push(socket))
      await scrape(agent, '/node-metrics', {isPlain: true, agent: each})
    }
    await expect.poll(() => sockets.map(({destroyed}) => destroyed)).toEqual([true, true, false, false])
    for (const each of kept) each.destroy()
  })

  test('may send any header: none is logged', async () => {
    await using agent = await openAgent({metrics: {auth: 'none'}})
    const headers = {authorization: 'Bearer secret-of-azure-monitor', cookie: 'secret-cookie'}
    expect(await scrape(agent, '/node-metrics', {isPlain: true, headers})).toMatchObject({status: 200})
    expect(await scrape(agent, '/secret-path', {isPlain: true, headers})).toMatchObject({status: 404})
    expect(agent.log.join('\n')).not.toContain('secret')
  })
})

test('an agent whose port is taken serves its clients, and metrics when the port is free', async () => {
  const other = createServer()
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  const {port} = other.address() as {port: number}
  await using agent = await openAgent({metrics: {auth: 'none', port}, limits: {metricsRetryMs: 20}})
  expect(agent.metricsPort).toBeUndefined()
  expect(agent.log.join('\n')).toMatch(/Metrics cannot be served there now.*EADDRINUSE/)
  await using client = await agent.connect()
  expect(await client.ask('status')).toMatchObject({metrics: {auth: 'none', failure: expect.stringContaining('EADDRINUSE')}})
  other.close()
  await expect.poll(() => agent.log.join('\n')).toContain('Metrics are served')
  expect(await scrape({...agent, metricsPort: port}, '/node-metrics', {isPlain: true})).toMatchObject({status: 200})
  expect(await client.ask('status')).toMatchObject({metrics: {auth: 'none', port}})
})
