/*
 * Records what the picture of `top` shows, from real packets in the real kernel: node scripts/pictures/record-top.ts (as root)
 *
 * A node with the policies of the bakery and all its pods around it, each in a namespace; a minute of traffic, of which policies drop
 * some.
 */
import {copyFile, mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import type {Packet} from '../../core/net/packet.ts'
import {openBakery, probes} from '../../test/support/kernel/packets/bakery.ts'
import {kubeProxyRules} from '../../test/support/kernel/packets/kube-proxy.ts'
import {program} from '../../test/support/programs/program.ts'

const path = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url))
const NODE = 'aks-oven-0'
const SECONDS = 62

/** How often something is tried in a second. */
type PerSecond = (second: number) => number
const wave =
  (base: number, height: number, length: number): PerSecond =>
  second =>
    Math.max(0, Math.round(base + height * Math.sin((second / length) * 2 * Math.PI)))
/** Somebody tries again and again, from the twentieth second on. */
const burst: PerSecond = second => (second < 20 ? 0 : 9 + ((second * 7) % 5))

const traffic: readonly (readonly [probe: string, PerSecond])[] = [
  ['till-0 -> oven-0 tcp/8080', wave(14, 6, 30)],
  ['till-1 -> oven-1 tcp/8080', wave(9, 5, 22)],
  ['kiosk -> oven-0 tcp/8080', burst],
  ['taster-0 -> mixer tcp/9000', wave(2, 2, 16)],
  ['till-1 -> mixer tcp/9000', wave(5, 2, 40)],
  ['office -> ledger tcp/5432', wave(6, 3, 50)],
  ['cellar -> ledger tcp/5433', wave(1, 1, 12)],
  ['ledger -> world tcp/80', wave(1, 2, 20)],
  ['oven-1 -> coredns udp/53', wave(20, 8, 18)],
  ['till-0 -> world tcp/53', wave(0, 3, 34)],
  ['seasonal-1 -> seasonal-0 tcp/80', wave(3, 2, 26)],
]

function packetOf(text: string): Packet {
  const found = probes.find(probe => probe.text === text)
  if (!found) throw new RangeError(`the bakery has no ${text}`)
  return found.packet
}

async function record(file: string): Promise<void> {
  await using lab = await openBakery(kubeProxyRules(), 'nft')
  const {sets, rules} = program('v2-base36')
  await lab.load(sets, rules)
  const cluster = path('test/fixtures/captures/v2-base36-nft/cluster.yaml')
  const args = [process.execPath, path('bin/kubectl-npm.ts'), 'top', '--local', '--from', cluster, '--record', file, '-o', 'json']
  // In a host name of its own: by its name a node knows which pods are its own.
  const named = ['unshare', '--uts', 'sh', '-c', `hostname ${NODE}; exec "$@"`, 'sh', ...args]
  const recording = execa('ip', ['netns', 'exec', lab.node.name, ...named], {reject: false, stdout: 'ignore'})
  for (let second = 0; second < SECONDS; second++) {
    const begun = performance.now()
    await lab.arrivals(traffic.flatMap(([probe, times]) => Array.from({length: times(second)}, () => packetOf(probe))))
    await sleep(Math.max(0, 1000 - (performance.now() - begun)))
  }
  recording.kill('SIGINT')
  await recording
}

const folder = await mkdtemp(join(tmpdir(), 'kubectl-npm-record-'))
try {
  const file = join(folder, 'top.jsonl')
  await record(file)
  await copyFile(file, path('test/fixtures/pictures/top.jsonl'))
} finally {
  await rm(folder, {recursive: true})
}
