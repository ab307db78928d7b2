import {readFileSync} from 'node:fs'
import {expect, test} from 'vitest'
import {readDump} from '../../../core/dump/read-dump.ts'
import {probeNodes} from '../../../core/matrix/probe-nodes.ts'
import {tracePacket} from '../../../core/trace/trace-packet.ts'
import {fixture} from '../../support/plugin/run-cli.ts'

/** Objects of which Azure NPM does otherwise for some packets, and for none. */
test.each([
  {file: 'trace/harbour.json', parts: true},
  {file: 'captures/v2-base36-nft/cluster.yaml', parts: true},
  {file: 'real-npm/shop-sha256/cluster.json', parts: false},
])('on objects alone of $file trace and matrix say the same of every packet', async ({file, parts}) => {
  const {nodes, problems} = await readDump([{name: file, folder: '', text: [readFileSync(fixture(file), 'utf8')]}])
  const [node] = nodes
  if (!node) throw new Error('no objects were read')
  // A part of them: each trace opens the objects anew.
  const probes = [...probeNodes([node], {}, problems).document.probes].filter(
    ({verdict, expected}, at) => at % 5 === 0 || verdict !== expected,
  )
  const traces = probes.map(({source, destination, protocol, port}) =>
    tracePacket(nodes, {source, destination, protocol, port: `${port}`}, problems),
  )
  const wrong = traces.flatMap(({packet, verdict, expected, foretold}, at) => {
    const probe = probes[at]
    // Of two pods with one address trace says that the packet does not come to the other one.
    if (packet.source.address === packet.destination.address) return []
    const traced = [verdict, expected?.verdict, foretold?.verdict]
    const probed = [probe?.expected, probe?.expected, probe?.verdict]
    return traced.join() === probed.join()
      ? []
      : [`${probe?.source} -> ${probe?.destination}: ${traced.join()} and not ${probed.join()}`]
  })
  expect(wrong).toEqual([])
  expect(probes.length).toBeGreaterThan(10)
  expect(probes.some(({verdict, expected}) => verdict !== expected)).toBe(parts)
})
