import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {connect} from 'node:net'
import {dirname, join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import {expect, test} from 'vitest'
import type {AgentStatus, Hello} from '../../../core/contract/agent.ts'
import {type AgentProcess, startAgentProcess} from '../../support/agent/agent-process.ts'
import type {AgentRefusal} from '../../support/agent/client.ts'
import {madeToken, makeSigner} from '../../support/agent/fake-reviews.ts'
import {fakeTools} from '../../support/agent/fake-tools.ts'
import type {HostileOrder} from '../../support/agent/hostile-clients.ts'
import {describeKernel} from '../../support/kernel/describe.ts'

const HOSTILE = fileURLToPath(new URL('../../support/agent/hostile-clients.ts', import.meta.url))
const SECONDS = 30
const GOOD_CLIENTS = 180
/** They take as long as they take, on a machine that is busy, too. */
const GOOD_AT_ONCE = 12
/** The kubelet's for the probe of liveness, see manifests/base/agent.yaml. */
const PROBE_MS = 5000
/** Only so that a failing test ends. */
const PATIENCE_MS = 60_000
const MIB = 1024 * 1024
/** The agent's container may have 512 MiB, its tools among them. */
const MOST_BYTES = 320 * MIB
const SETS = 5000

/** @returns how much each of them did, when their time is over */
async function startHostile(order: HostileOrder): Promise<Record<string, number>> {
  const hostile = spawn(process.execPath, [HOSTILE], {stdio: ['pipe', 'pipe', 'inherit']})
  hostile.stdin.end(JSON.stringify(order))
  return JSON.parse((await hostile.stdout.toArray()).join('')) as Record<string, number>
}

/** Tokens of every kind that opens nothing. */
function forgeries(agent: AgentProcess): string[] {
  const facts = {audience: agent.audience}
  const unknown = makeSigner('another-key')
  return Array.from({length: 200}, (_, index) => {
    if (index % 4 === 0) return madeToken(facts)
    if (index % 4 === 1) return madeToken(facts, Date.now(), unknown)
    return index % 4 === 2 ? agent.token({audience: 'npm-agent/another-key'}) : `${'a'.repeat(4000)}.${'b'.repeat(4000)}.c`
  })
}

/** All that a plugin asks for in one command, one after the other. @throws Error when one answer is not there, or not right */
async function session(agent: AgentProcess): Promise<void> {
  await using client = await agent.connect()
  const hello = await client.ask<Hello>('hello', {contract: {major: 1, minor: 0}, version: '1.0.0'})
  const status = await client.ask<AgentStatus>('status')
  expect([hello.node, status.node]).toEqual(['bakery-1', 'bakery-1'])
  const {['ipset-save.txt']: sets, ['conntrack-count.txt']: count} = await client.read('ipset-save.txt', 'conntrack-count.txt')
  expect(sets?.text.split('\n')).toHaveLength(SETS + 1)
  expect(count?.text).toBe('42\n')
  // It does not watch a cluster here, and says so.
  await expect(client.ask('diff')).rejects.toMatchObject({refusal: {code: 'NO_KNOWLEDGE'}})
}

function within<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  const late = sleep(ms, undefined, {ref: false}).then(() => Promise.reject(new Error(`no answer in ${ms / 1000} s`)))
  return Promise.race([work, late])
}

/** What the kubelet asks. @returns milliseconds */
async function probe(agent: AgentProcess): Promise<number> {
  const startedAt = performance.now()
  const live = connect(join(dirname(agent.socket), 'live.sock'))
  await once(live.resume(), 'close', {signal: AbortSignal.timeout(PROBE_MS)})
  return performance.now() - startedAt
}

describeKernel('two hundred clients, twenty of whom want everything', () => {
  test('all others are answered, no probe is missed, and memory is bounded', async () => {
    await using _tools = await fakeTools({
      ipset: `i=0; while [ $i -lt ${SETS} ]; do echo "create azure-npm-$i hash:net family inet"; i=$((i+1)); done`,
      conntrack: 'echo 42',
    })
    await using agent = await startAgentProcess()
    const hostile = (['outside', 'inside'] as const).map(crowd =>
      startHostile({
        socket: agent.socket,
        seconds: SECONDS,
        crowd,
        tokens: Array.from({length: 2000}, () => agent.token()),
        forged: forgeries(agent),
      }),
    )
    const isOver = AbortSignal.timeout(SECONDS * 1000)
    const failures: string[] = []
    let sessions = 0
    const fail = (what: string) => (error: unknown) => {
      const {refusal} = error as AgentRefusal
      failures.push(`${what}: ${refusal ? JSON.stringify(refusal) : String(error)}`)
    }
    const good = Array.from({length: GOOD_AT_ONCE}, async (_, seat) => {
      for (let client = seat; client < GOOD_CLIENTS || !isOver.aborted; client += GOOD_AT_ONCE)
        await within(PATIENCE_MS, session(agent)).then(() => sessions++, fail(`client ${client}`))
    })
    const probes: number[] = []
    const probing = (async () => {
      while (!isOver.aborted) {
        await probe(agent).then(ms => probes.push(ms), fail('probe'))
        await sleep(500)
      }
    })()
    await Promise.all([...good, probing])
    const did = Object.assign({}, ...(await Promise.all(hostile))) as Record<string, number>
    expect(failures).toEqual([])
    expect(probes.length).toBeGreaterThan(SECONDS / 2)
    // All were there, and did what they are here for.
    expect(Object.keys(did)).toHaveLength(20)
    expect(Object.entries(did).filter(([, rounds]) => rounds === 0)).toEqual([])
    expect(sessions).toBeGreaterThanOrEqual(GOOD_CLIENTS)
    expect(agent.isAlive).toBe(true)
    expect(await agent.peakBytes()).toBeLessThan(MOST_BYTES)
    // The record has all who came, and the rest of the log is short.
    const record = agent.log.filter(line => line.includes('a client has connected'))
    expect(record.length).toBeGreaterThan(sessions)
    expect(agent.log.filter(line => !/a client has (?:connected|gone)/.test(line)).join('\n').length).toBeLessThan(100_000)
    await using after = await agent.connect()
    expect(await after.ask('status')).toMatchObject({node: 'bakery-1'})
  })
})
