import {describe, expect, test} from 'vitest'
import type {Translation} from '../../../../core/contract/translation.ts'
import {readDump} from '../../../../core/dump/read-dump.ts'
import type {ClusterObjects} from '../../../../core/kubernetes/objects.ts'
import {compile} from '../../../../core/linux/compile/compile.ts'
import {printIpsetRestore} from '../../../../core/linux/compile/print.ts'
import type {LinuxProgram} from '../../../../core/linux/npm/program.ts'
import {objectsOf, ruleText} from '../../../support/linux/compare-programs.ts'
import {vectors} from '../../../support/linux/vector.ts'
import {translate} from '../../../support/translate.ts'

/** A program as a node would save it. */
function savedRules({baseChains, policies, jump}: LinuxProgram): string {
  const own = policies.flatMap(({chains}) => chains)
  const names = [...baseChains.keys(), ...own.map(({chain}) => chain)]
  const rules = [jump, ...[...baseChains.values()].flat(), ...own.flatMap(chain => [...chain.rules])]
  const lines = [':FORWARD ACCEPT [0:0]', ...names.map(name => `:${name} - [0:0]`), ...rules.map(ruleText)]
  return `*filter\n${lines.join('\n')}\nCOMMIT\n`
}

const savedSets = (program: LinuxProgram): string =>
  [...printIpsetRestore(program), '']
    .join('\n')
    .replaceAll(/^-N (\S+) --exist nethash/gm, 'create $1 hash:net family inet')
    .replaceAll(/^-N (\S+) --exist setlist/gm, 'create $1 list:set size 8')
    .replaceAll(/^-N (\S+) --exist/gm, 'create $1')
    .replaceAll(/^-A/gm, 'add')

async function readBack(program: LinuxProgram): Promise<Translation> {
  const texts = [savedRules(program), savedSets(program)]
  const {nodes} = await readDump(texts.map((text, index) => ({name: `file-${index}`, folder: '', text: [text]})))
  const [dump] = nodes
  if (!dump) throw new Error('no dump')
  return translate(dump)
}

/** Vectors of one name would overwrite each other. */
const vectorPolicies = vectors
  .filter(({isLite}) => !isLite)
  .map(({policy, file}) => ({...policy, metadata: {...policy.metadata, name: file.slice(0, 2) + policy.metadata.name}}))

const clusters: readonly {name: string; objects: ClusterObjects}[] = [
  {name: 'the bakery', objects: objectsOf('captures/v2-base36-nft/cluster.yaml')},
  {name: 'the shop', objects: objectsOf('real-npm/shop-sha256/cluster.json')},
  {name: 'the clinic', objects: objectsOf('real-npm/clinic-fnv/cluster.json')},
  {name: 'every vector', objects: {pods: [], namespaces: [], nodes: [], policies: vectorPolicies}},
]

describe.each(clusters)('$name, compiled and translated back', ({objects}) => {
  test.each([
    ['sha256', 'npm'],
    ['fnv32a', 'npm'],
    ['sha256', 'kubernetes'],
    ['fnv32a', 'kubernetes'],
  ] as const)('%s, %s: has the same policies, chains, rules and set names', async (scheme, semantics) => {
    const program = compile(objects, {scheme, semantics})
    const translation = await readBack(program)
    expect(translation.generation).toBe('v2')
    expect(translation.active).toBe(true)
    const read = translation.policies.map(({policy, direction, chain, enforced, rules}) =>
      [policy, direction, chain, enforced, rules.length].join(' '),
    )
    const asked = program.policies.flatMap(({policy, chains}) =>
      chains.map(({direction, chain, rules}) => [policy, direction, chain, true, rules.length].join(' ')),
    )
    expect(read.toSorted()).toEqual(asked.toSorted())
    // Cut comments leave names out; a name that is told must be right.
    for (const {set, name} of translation.sets) if (name !== 'unknown') expect(program.sets.get(set)?.name).toBe(name)
    const ofRules = program.policies.flatMap(({sets}) => sets)
    const unknown = translation.sets.filter(({name, set}) => name === 'unknown' && ofRules.includes(set))
    expect(unknown.length).toBeLessThanOrEqual(1)
  })
})
