import {appendFileSync, readFileSync} from 'node:fs'
import {openHns} from '../../../agent/hns/open-hns.ts'
import {nodeSource} from '../../../agent/node/node-source.ts'
import {machineClock} from '../../../agent/write/clock.ts'
import type {DeniedFlows} from '../../../agent/write/denied-flows.ts'
import {setFaultHook} from '../../../agent/write/fault-point.ts'
import {openWriter} from '../../../agent/write/open-writer.ts'
import type {Plan} from '../../../core/contract/plan.ts'
import type {DeniedConnection} from '../../../core/flows/find-denied.ts'
import {servedHns} from '../hns/served.ts'
import type {WriterCommand} from './command.ts'

/*
 * A process that writes to the node of its network namespace, to be killed. Reads commands from its standard input, one JSON object a line, and
 * prints the result of each as one line.
 */

const {stateDir, node, bounds} = JSON.parse(process.argv[2] ?? '{}') as {stateDir: string; node: string; bounds: object}
const audit = (fields: object) => appendFileSync(`${stateDir}.audit`, `${JSON.stringify(fields)}\n`)
let yearsAhead = 0
let boots = 0
const clock = {
  ...machineClock,
  bootId: () => machineClock.bootId() + boots,
  now: () => new Date(Date.now() + yearsAhead * 365 * 86_400_000),
}
/** One connection goes on, until it is ended. */
const flow = {protocol: 'tcp', source: '10.1.0.1', destination: '10.2.0.1', reason: 'rule 1'}
const tuple = {source: '10.1.0.1', destination: '10.2.0.1', sourcePort: 1, destinationPort: 80}
const connection: DeniedConnection['connection'] = {
  family: 'ipv4',
  protocol: 'tcp',
  protocolNumber: 6,
  original: tuple,
  reply: tuple,
  isUnreplied: false,
  isAssured: true,
}
const counts = {connections: 1, judged: 1, denied: 1, unanswered: 0, unknown: 0}
const deniedFlows: DeniedFlows = {
  missing: async () => (process.env['CONNECTIONS'] === 'lost' ? 'conntrack is not installed' : undefined),
  find: async () => ({denied: [{connection, flow}], counts, unknown: []}),
  end: async denied => new Set(denied),
}
const hnsSocket = process.env['HNS_SOCKET']
const writer = openWriter({
  // As an agent does.
  read: hnsSocket === undefined ? await nodeSource() : {hns: openHns(servedHns({path: hnsSocket}), {callMs: 20_000})},
  stateDir,
  node,
  version: '0.0.0',
  bounds,
  clock,
  ...(process.env['CONNECTIONS'] !== undefined && {deniedFlows}),
  log: {info: () => {}, warn: () => {}, error: () => {}, audit},
})

async function obey({
  does,
  by = 'tester',
  plan,
  killAt,
  failAt,
  yearsAhead: ahead = 0,
  boots: started = 0,
  ...options
}: WriterCommand): Promise<unknown> {
  const passed: string[] = []
  yearsAhead = ahead
  boots = started
  setFaultHook(name => {
    passed.push(name)
    if (passed.length === killAt) process.kill(process.pid, 'SIGKILL')
    if (passed.length === failAt) throw Object.assign(new Error('no room'), {code: 'ENOSPC'})
  })
  const doing = {
    apply: async () => writer.apply(JSON.parse(readFileSync(plan ?? '', 'utf8')) as Plan, {by, ...options}),
    rollback: async () => writer.rollback({by, ...options}),
    confirm: async () => writer.confirm({by, ...options}),
    status: async () => writer.status(),
    recover: async () => (await writer.recover()) ?? null,
    settled: async () => writer.settled(options.id ?? ''),
  }
  return {result: await doing[does](), passed}
}

process.stdout.write('"ready"\n')
let rest = ''
for await (const piece of process.stdin.setEncoding('utf8')) {
  rest += String(piece)
  for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
    const command = JSON.parse(rest.slice(0, end)) as WriterCommand
    rest = rest.slice(end + 1)
    process.stdout.write(`${JSON.stringify(await obey(command))}\n`)
  }
}
writer.stop()
