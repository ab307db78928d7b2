import {describe, expect, test} from 'vitest'
import type {Packet} from '../../../../core/net/packet.ts'
import {Evaluator} from '../../../../core/policy/evaluate.ts'
import {dumpOf, fixtureText} from '../../../support/read-capture.ts'

/** What real packets did on real rules; every one of them must be walked to the same end. */

interface Measured {
  readonly packet: Packet
  readonly verdict: string
}

function measured(folder: string): Measured[] {
  const [, ...lines] = fixtureText(`measured/${folder}/measured.csv`).trimEnd().split('\n')
  return lines.map(line => {
    const [source = '', destination = '', protocol = '', port = '', mark = '', verdict = ''] = line.split(',')
    return {
      packet: {
        source,
        destination,
        protocol: protocol as Packet['protocol'],
        port: Number(port),
        ...(mark !== '' && {mark: Number(mark)}),
      },
      verdict,
    }
  })
}

const folders = ['base36', 'decimal', 'inactive', 'v1', 'kube-proxy', 'set-collision', 'chain-collision']

describe.each(folders)('%s', folder => {
  test.each(['nft', 'legacy'])('every measured packet is walked to its verdict over the %s rules', async backend => {
    const dump = await dumpOf(
      fixtureText(`measured/${folder}/iptables-${backend}-save.txt`),
      fixtureText(`measured/${folder}/ipset-save.txt`),
      fixtureText(`measured/${folder}/cluster.json`),
    )
    if (dump.completeness.rules === 'absent') throw new Error('no rules')
    const wrong = measured(folder).filter(({packet, verdict}) => dump.walk(packet).verdict !== verdict)
    expect(wrong).toEqual([])
    expect(measured(folder).length).toBeGreaterThan(0)
  })

  test('the policies say the same, but for known faults of Azure NPM', async () => {
    const dump = await dumpOf(
      fixtureText(`measured/${folder}/iptables-nft-save.txt`),
      fixtureText(`measured/${folder}/ipset-save.txt`),
      fixtureText(`measured/${folder}/cluster.json`),
      // One of the clusters has no policies, which a List without any does not say.
      '{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicyList","items":[]}',
    )
    if (dump.completeness.rules === 'absent' || !dump.cluster) throw new Error('no rules or no cluster')
    const evaluator = new Evaluator(dump.cluster)
    const departing = measured(folder).filter(({packet, verdict}) => {
      const {destination, port} = dump.walk(packet).translated ?? packet
      const behindServices = {...packet, destination, ...(port !== undefined && {port})}
      return evaluator.evaluate(behindServices).verdict !== verdict
    })
    const told = departing.map(({packet: {source, destination, port, mark = ''}}) => `${source} ${destination} ${port} ${mark}`)
    expect(told.toSorted()).toEqual((deviations[folder] ?? []).toSorted())
  })
})

// Several values in a namespace NotIn become one rule each, and let everything pass that lacks one of them.
const notIn = [
  '10.244.3.30 10.244.2.20 8080 ',
  '198.51.100.7 10.244.2.20 8080 ',
  '198.51.100.200 10.244.2.20 8080 ',
  '203.0.113.50 10.244.2.20 8080 ',
]
const deviations: Record<string, string[]> = {
  base36: notIn,
  decimal: notIn,
  // NPM v1 does not read endPort.
  v1: [...notIn, '198.51.100.7 10.244.1.12 5433 '],
  // kube-proxy accepts packets with its masquerade mark before Azure NPM sees them.
  'kube-proxy': ['10.244.1.10 10.244.1.12 5432 16384'],
  'set-collision': ['10.244.2.20 10.244.1.12 5432 '],
  'chain-collision': ['10.244.1.10 10.244.2.20 5432 '],
}
