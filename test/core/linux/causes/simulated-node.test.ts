import {expect, test} from 'vitest'
import {compile} from '../../../../core/linux/compile/compile.ts'
import {objectsOf} from '../../../support/linux/compare-programs.ts'
import {linuxDocuments} from '../../../support/linux/documents.ts'
import {dumpOf} from '../../../support/read-capture.ts'

const cluster = objectsOf('real-npm/clinic-fnv/cluster.json')

/** Longer than chains of which rules are left out that an address cannot match. */
const others = Array.from(
  {length: 40},
  (_, at) => `-A FORWARD -m set --match-set other src -p tcp -m tcp --dport ${at + 1000} -j DROP`,
)

test('a set that a rule changes on the way leaves out no rule that asks it', async () => {
  const node = await dumpOf(
    [
      '*filter',
      ':FORWARD ACCEPT [0:0]',
      '-A FORWARD -p tcp -m tcp --dport 1 -j SET --add-set knocked src',
      ...others,
      '-A FORWARD -m set --match-set knocked src -j DROP',
      'COMMIT\n',
    ].join('\n'),
    'create other hash:ip family inet\ncreate knocked hash:ip family inet\nadd knocked 10.0.0.9\n',
  )
  expect(linuxDocuments(node).sets?.size).toBe(2)
  const simulated = node.dataPlane.simulate(node, compile(cluster, {scheme: 'fnv32a', semantics: 'npm'}))
  const verdicts = ['10.0.0.1 1', '10.0.0.1 2', '10.0.0.9 2'].map(text => {
    const [source = '', port] = text.split(' ')
    const packet = {source, destination: '10.0.0.2', protocol: 'tcp', port: Number(port)} as const
    return `${text}: ${simulated.walk(packet)} ${node.walk(packet).verdict}`
  })
  expect(verdicts).toEqual(['10.0.0.1 1: unknown unknown', '10.0.0.1 2: accept accept', '10.0.0.9 2: drop drop'])
})
