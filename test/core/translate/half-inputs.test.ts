import {describe, expect, test} from 'vitest'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {findSets} from '../../../core/translate/find-sets.ts'
import {resolveNames} from '../../../core/translate/resolve-names.ts'
import {fixtureNodes, nodeNamed} from '../../support/dump-fixture.ts'
import {nodeOf, spread} from '../../support/half-inputs.ts'
import {dumpOf} from '../../support/read-capture.ts'

const {rules, sets, cluster} = nodeNamed('captures/v2-base36-nft')
const objects = JSON.stringify(cluster)
/** `ipset list -t` of the same sets: it shows where the sets end, and how many members each has. */
const sizes = sets
  .split('\n')
  .filter(line => line.startsWith('create '))
  .map(line => {
    const [, name = '', type = ''] = line.split(' ')
    const count = sets.split('\n').filter(each => each.startsWith(`add ${name} `)).length
    return `Name: ${name}\nType: ${type}\nRevision: 1\nHeader: \nSize in memory: 1\nReferences: 1\nNumber of entries: ${count}\n`
  })
  .join('\n')
const last = sets.trimEnd().split('\n').at(-1)?.split(' ')[1] ?? ''
/** Cut at a line end, before the lists that the kernel prints last. */
const beforeLists = sets.slice(0, sets.indexOf('\n', sets.length / 4) + 1)
const inLine = sets.slice(0, sets.length / 2)

const partsOf = ({incomplete}: {readonly incomplete: readonly {readonly part: string}[]}) => incomplete.map(({part}) => part)

describe('sets', () => {
  test.each<{what: string; texts: string[]; asked?: string[]; parts: unknown[]; isUnknown: boolean}>([
    {what: 'all is given', texts: [rules, sets, sizes], parts: [], isUnknown: false},
    {what: 'objects show the end', texts: [rules, sets, objects], parts: [], isUnknown: false},
    {
      what: 'nothing but the missing end speaks against it',
      texts: [rules, sets],
      parts: ['sets', `set ${last}`],
      isUnknown: false,
    },
    {what: 'the last set is asked for', texts: [rules, sets], asked: [last], parts: [`set ${last}`], isUnknown: true},
    {what: 'another one is asked for', texts: [rules, sets], asked: ['app=oven'], parts: [], isUnknown: false},
    {what: 'the text ends before the lists', texts: [rules, beforeLists], parts: ['sets', expect.any(String)], isUnknown: true},
    {what: 'the text ends in a line', texts: [rules, inLine], parts: ['sets', expect.any(String)], isUnknown: true},
    {what: 'no sets are given', texts: [rules], parts: ['sets'], isUnknown: true},
    {what: 'no members are given', texts: [rules, sizes], parts: ['sets', 'members of sets'], isUnknown: true},
  ])('when $what, the answer says so', async ({texts, asked = [], parts, isUnknown}) => {
    const found = findSets(await dumpOf(...texts), asked)
    expect({parts: partsOf(found.document), isUnknown: found.isUnknown}).toEqual({parts, isUnknown})
  })

  test.each<{texts: string[]; asked: string; missing: boolean; what: string}>([
    {what: 'where all sets are given', texts: [rules, sets, sizes], asked: 'app=nowhere', missing: true},
    {what: 'where objects show that all lists are there', texts: [rules, sets, objects], asked: 'app=nowhere', missing: true},
    {what: 'where lists may follow', texts: [rules, sets], asked: 'app=nowhere', missing: false},
    {what: 'that is no list, where lists may follow', texts: [rules, sets], asked: 'podlabel-app:nowhere', missing: true},
    {what: 'that is no list, where the text is cut', texts: [rules, beforeLists], asked: 'podlabel-app:nowhere', missing: false},
    {what: 'without sets', texts: [rules], asked: 'podlabel-app:nowhere', missing: false},
  ])('a name that is not there is missing only where that is known: $what', async ({texts, asked, missing}) => {
    const found = findSets(await dumpOf(...texts), [asked])
    expect(found.missing.map(({name}) => name)).toEqual(missing ? [asked] : [])
    expect(found).toMatchObject({doubtful: missing ? [] : [asked], isUnknown: !missing})
    expect(partsOf(found.document)).toEqual(missing ? [] : ['sets'])
  })

  test('a set that nothing names is found by the hash of the name', async () => {
    const [set] = findSets(await dumpOf(sets), ['app=oven']).document.items
    expect(set).toMatchObject({name: 'podlabel-app:oven', evidence: ['hash']})
  })

  test('pods that may be missing are said to be, and no address is called nobody’s', async () => {
    const {items} = cluster as {items: {kind: string}[]}
    const noPods = JSON.stringify({...(cluster as object), items: items.filter(({kind}) => kind !== 'Pod')})
    const found = findSets(await dumpOf(rules, sets, sizes, noPods), ['app=oven'])
    expect([partsOf(found.document), found.isUnknown]).toEqual([['Pods'], true])
    const whole = findSets(await dumpOf(rules, sets, sizes, objects), ['app=oven'])
    expect([partsOf(whole.document), whole.isUnknown]).toEqual([[], false])
  })
})

describe('resolve', () => {
  const chain = 'AZURE-NPM-INGRESS-2q4mtl3gqi'
  test.each<{what: string; texts: string[]; asked: string; onNode: boolean | null; parts: string[]; isUnknown: boolean}>([
    {what: 'is there', texts: [rules, sets], asked: 'podlabel-app:oven', onNode: true, parts: [], isUnknown: false},
    {what: 'is not there', texts: [rules, sets], asked: 'podlabel-app:no', onNode: false, parts: [], isUnknown: false},
    {
      what: 'may be cut off',
      texts: [rules, beforeLists],
      asked: 'podlabel-app:no',
      onNode: null,
      parts: ['sets'],
      isUnknown: true,
    },
    {what: 'may follow', texts: [rules, sets], asked: 'nslabel-a:b', onNode: null, parts: ['sets'], isUnknown: false},
    {what: 'may be, without sets', texts: [rules], asked: 'podlabel-app:no', onNode: null, parts: ['sets'], isUnknown: true},
    {what: 'is there', texts: [rules], asked: chain, onNode: true, parts: [], isUnknown: false},
    {
      what: 'has no known name without objects',
      texts: [rules, sets, sizes],
      asked: 'azure-npm-1',
      onNode: false,
      parts: ['objects'],
      isUnknown: true,
    },
    {what: 'has no name', texts: [rules, sets, sizes, objects], asked: 'azure-npm-1', onNode: false, parts: [], isUnknown: false},
    {
      what: 'may be, without the table filter',
      texts: [rules.slice(0, rules.indexOf('*filter')), sets, sizes, objects],
      asked: chain,
      onNode: null,
      parts: ['table filter'],
      isUnknown: true,
    },
  ])('what is asked for $what', async ({texts, asked, onNode, parts, isUnknown}) => {
    const found = resolveNames([asked], [await dumpOf(...texts)])
    expect({
      onNode: found.document.items.map(each => each.onNode),
      parts: partsOf(found.document),
      isUnknown: found.isUnknown,
    }).toEqual({onNode: [onNode], parts, isUnknown})
  })
})

/** Whether a set of half the sets is known to be whole: no answer then may differ from that of all of them. */
const isKnown = (half: NodeState, set: string): boolean => half.completeness.ofSet(set, true) === undefined

test.each(fixtureNodes.map(node => [node.name, node] as const))(
  'of %s, cut anywhere, no set is shown otherwise than it is, and none is called missing',
  async (_, node) => {
    const names = [...node.sets.matchAll(/^create (azure-npm-\S+) /gm)].map(([, name = '']) => name)
    const whole = new Map(findSets(await nodeOf(node, node.rules, node.sets), []).document.items.map(each => [each.set, each]))
    const ends = [...node.sets.matchAll(/\n/g)].map(({index}) => index + 1)
    const wrong: string[] = []
    for (const at of [...spread(ends, 12), ...ends.slice(-6, -1), ...spread(ends, 8).map(end => end - 3)]) {
      const half = await nodeOf(node, node.rules, node.sets.slice(0, at))
      for (const name of spread(names, 12)) {
        const {document, missing, isUnknown} = findSets(half, [name])
        const [item] = document.items
        if (missing.length > 0) wrong.push(`${at}: ${name} is missing`)
        if (!item || isUnknown) continue
        if (!isKnown(half, name) || String(item.members) !== String(whole.get(name)?.members)) wrong.push(`${at}: ${name}`)
      }
    }
    expect(wrong.slice(0, 20)).toEqual([])
  },
)

test('objects of one namespace do not show that the last set is whole', async () => {
  const {items} = cluster as {
    items: {kind: string; metadata: {namespace?: string}; status?: {podIP?: string}}[]
  }
  const own = items.filter(({kind, metadata}) => kind === 'Namespace' || metadata.namespace === 'bakery')
  const addresses = new Set(own.flatMap(({status}) => status?.podIP ?? []))
  const whole = findSets(await dumpOf(sets, objects), []).document.items
  const shared = whole.find(
    ({type, members}) =>
      type === 'KeyLabelOfPod' && members?.some(each => addresses.has(each)) && members.some(each => !addresses.has(each)),
  )
  if (!shared?.members) throw new Error('no set of several namespaces')
  const lines = sets.split('\n').filter(line => line.startsWith(`create ${shared.set} `))
  for (const member of shared.members) if (addresses.has(member)) lines.push(`add ${shared.set} ${member}`)
  const cut = `${lines.join('\n')}\n`
  const {document, isUnknown} = findSets(await dumpOf(cut, JSON.stringify({...(cluster as object), items: own})), [shared.set])
  expect([partsOf(document), isUnknown]).toEqual([[`set ${shared.set}`], true])
})
