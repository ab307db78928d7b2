import {describe, expect, test} from 'vitest'
import {compareNode, openComparison} from '../../../core/drift/compare-node.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {setKernelName} from '../../../core/names/kernel-name.ts'
import type {CompileOptions} from '../../../core/policy/program.ts'
import {objectsOf} from '../../support/linux/compare-programs.ts'
import {linesOf} from '../../support/node-of.ts'
import {dumpOf} from '../../support/read-capture.ts'

const cluster = objectsOf('real-npm/clinic-fnv/cluster.json')
const sha256: CompileOptions = {scheme: 'sha256', semantics: 'npm'}
const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`

async function nodeOf(
  options: CompileOptions,
  change: (lines: {
    rules: readonly string[]
    sets: readonly string[]
  }) => Partial<{rules: readonly string[]; sets: readonly string[]}> = () => ({}),
) {
  const lines = linesOf(compile(cluster, options))
  const {rules, sets} = {...lines, ...change(lines)}
  return dumpOf(text(rules), text(sets))
}

describe('sets on need', () => {
  test('are told by the sets that are not there', async () => {
    const dump = await nodeOf({...sha256, isOnNeed: true})
    expect(compareNode(cluster, dump).items).toEqual([])
    expect(openComparison(cluster, dump).program.options.isOnNeed).toBe(true)
  })

  test('are not taken for them where one is there that no policy needs', async () => {
    const needed = compile(cluster, {...sha256, isOnNeed: true}).sets
    const unneeded = [...compile(cluster, sha256).sets.keys()].find(name => !needed.has(name))
    const dump = await nodeOf({...sha256, isOnNeed: true}, ({sets}) => ({
      sets: [`create ${unneeded} hash:net family inet`, ...sets],
    }))
    const {program, differences} = openComparison(cluster, dump)
    expect(program.options.isOnNeed).toBeUndefined()
    expect(differences.length).toBeGreaterThan(0)
  })

  test('are asked for only where they may be', async () => {
    const asked: CompileOptions[] = []
    const programFor = (options: CompileOptions) => {
      asked.push(options)
      return compile(cluster, options)
    }
    compareNode(cluster, await nodeOf(sha256), {programFor})
    expect(asked).toEqual([sha256])
    compareNode(cluster, await nodeOf({...sha256, isOnNeed: true}), {programFor})
    expect(asked.slice(1)).toEqual([sha256, {...sha256, isOnNeed: true}])
  })

  test('are told apart where the rules of a policy were refused, whose sets are there', async () => {
    const refused = {
      metadata: {name: 'refused', namespace: 'booking'},
      spec: {
        podSelector: {matchLabels: {only: 'here'}},
        policyTypes: ['Ingress'],
        ingress: [{from: [{ipBlock: {cidr: '10.0.0.0/8', except: ['fd00::/8']}}]}],
      },
    }
    const objects = {...cluster, policies: [...cluster.policies, refused]}
    for (const isOnNeed of [true, false]) {
      const {rules, sets} = linesOf(compile(objects, {...sha256, isOnNeed}))
      const {program, differences} = openComparison(objects, await dumpOf(text(rules), text(sets)))
      expect({isOnNeed: program.options.isOnNeed ?? false, differences}).toEqual({isOnNeed, differences: []})
    }
  })
})

test('a set with room for another number of members is another kind of set', async () => {
  const dump = await nodeOf(sha256, ({sets}) => ({
    sets: sets.map(line =>
      line.startsWith(`create ${setKernelName('ns-booking', 'sha256')} `) ? line.replace('65536', '1048576') : line,
    ),
  }))
  const {items} = compareNode(cluster, dump)
  const names = items.map(({name, expected, found, effect}) => `${name}: ${expected}, ${found}, ${effect}`)
  expect(names).toEqual(['ns-booking: hash:net maxelem 65536, hash:net maxelem 1048576, none'])
})

test('rules of NPM v1 may stand in any order, but on their side of the base rules', async () => {
  const v1: CompileOptions = {scheme: 'fnv32a', semantics: 'npm', generation: 'v1'}
  const chain = '-A AZURE-NPM-INGRESS-PORT '
  const isOfPolicy = (line: string) => line.startsWith(chain) && line.includes('--match-set')
  const turned = await nodeOf(v1, ({rules}) => {
    const own = rules.filter(isOfPolicy)
    expect(own.length).toBeGreaterThan(1)
    return {rules: rules.map(line => (isOfPolicy(line) ? (own.pop() ?? '') : line))}
  })
  expect(compareNode(cluster, turned).items).toEqual([])
  const behind = await nodeOf(v1, ({rules}) => {
    const first = rules.find(isOfPolicy) ?? ''
    const last = rules.findLast(line => line.startsWith(chain)) ?? ''
    return {rules: rules.filter(line => line !== first).flatMap(line => (line === last ? [line, first] : [line]))}
  })
  expect(compareNode(cluster, behind).items.map(({kind, change, name}) => `${kind} ${change} ${name}`)).toEqual([
    'rule changed AZURE-NPM-INGRESS-PORT',
  ])
})

test('a comment that was cut is compared by what is left of it', async () => {
  const labels = Object.fromEntries(
    Array.from({length: 6}, (_, index) => [`a-rather-long-label-key-${index}`, `with-a-rather-long-value-${index}`]),
  )
  const policy = {
    metadata: {name: 'long', namespace: 'booking'},
    spec: {podSelector: {matchLabels: labels}, policyTypes: ['Ingress']},
  }
  const objects = {...cluster, policies: [policy]}
  const {rules, sets} = linesOf(compile(objects, sha256))
  const at = rules.findIndex(line => line.includes('INGRESS-POLICY-booking/long'))
  const jump = rules[at] ?? ''
  const items = async (line: string) =>
    compareNode(objects, await dumpOf(text(rules.with(at, line)), text(sets))).items.map(
      ({change, effect}) => `${change} ${effect}`,
    )
  // Labels come from a map, and only as many of them as fit are left.
  const other = jump.replace(/--comment "[^"]*"/, comment => {
    const terms = Object.entries(labels)
      .map(([key, value]) => `podlabel-${key}:${value}`)
      .toReversed()
    return `--comment "${`INGRESS-POLICY-booking/long-TO-${terms.join('-AND-')}`.slice(0, 255)}"${comment.slice(comment.length)}`
  })
  expect(other).not.toBe(jump)
  expect(await items(jump)).toEqual([])
  expect(await items(other)).toEqual([])
  expect(await items(jump.replace('booking/long-TO', 'booking/other-TO'))).toEqual(['changed none'])
})
