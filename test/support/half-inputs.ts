import type {NodeState} from '../../core/dataplane/dataplane.ts'
import {readDump} from '../../core/dump/read-dump.ts'
import type {FixtureNode} from './dump-fixture.ts'

/** Places of a text at which it is cut, of each kind: in a line, behind a line, and of the latter the last ones. */
const MOST_CUTS = 12
const LAST_LINES = 4

/** A node of a fixture, of other rules and sets; an empty text is not given. */
export async function nodeOf(node: FixtureNode, rules: string, sets: string, hasCluster = true): Promise<NodeState> {
  const documents = [
    {name: 'rules', folder: '', text: [rules]},
    {name: 'sets', folder: '', text: [sets]},
    ...(hasCluster ? [{name: 'cluster', folder: '', text: [JSON.stringify(node.cluster)]}] : []),
  ].filter(({text}) => text[0] !== '')
  return (await readDump(documents)).nodes[0] as NodeState
}

/** Some of many, evenly. */
export const spread = <Item>(items: readonly Item[], most: number): Item[] =>
  items.length <= most ? [...items] : Array.from({length: most}, (_, at) => items[Math.floor((at * items.length) / most)] as Item)

/** All cuts of a text that are tried: at places spread over it, at line ends, and at the last of these. */
function cutsOf(text: string): string[] {
  const ends = [...text.matchAll(/\n/g)].map(({index}) => index + 1)
  const places = [
    ...spread(
      Array.from({length: text.length}, (_, at) => at),
      MOST_CUTS,
    ),
    ...spread(ends, MOST_CUTS),
    ...ends.slice(-LAST_LINES - 1, -1),
  ]
  return [...new Set(places)].map(at => text.slice(0, at))
}

export const tablesOf = (rules: string): string[] => [...rules.matchAll(/^\*(\w+)$/gm)].map(([, table = '']) => table)
export const withoutTable = (rules: string, table: string): string =>
  rules.replace(new RegExp(`^\\*${table}$[^]*?^COMMIT$\\n`, 'm'), '')
const chainsOf = (rules: string): string[] => [...rules.matchAll(/^:(\S+) - /gm)].map(([, chain = '']) => chain)
const withoutChain = (rules: string, chain: string): string =>
  rules
    .split('\n')
    .filter(line => !line.startsWith(`:${chain} `) && !line.replace(/^\[\d+:\d+\] /, '').startsWith(`-A ${chain} `))
    .join('\n')
const setsOf = (sets: string): string[] => [...sets.matchAll(/^create (\S+) /gm)].map(([, set = '']) => set)
const withoutSet = (sets: string, set: string): string =>
  sets
    .split('\n')
    .filter(line => !line.startsWith(`create ${set} `) && !line.startsWith(`add ${set} `))
    .join('\n')

/** Half of the input of a node. */
export interface Half {
  readonly what: string
  readonly rules: string
  readonly sets: string
}

/** Every half of a node's input that is tried. */
export function halvesOf({rules, sets}: FixtureNode): Half[] {
  return [
    ...cutsOf(rules).map(cut => ({what: `rules cut at ${cut.length}`, rules: cut, sets})),
    ...cutsOf(sets).map(cut => ({what: `sets cut at ${cut.length}`, rules, sets: cut})),
    ...tablesOf(rules).map(table => ({what: `no table ${table}`, rules: withoutTable(rules, table), sets})),
    ...spread(chainsOf(rules), MOST_CUTS).map(chain => ({what: `no chain ${chain}`, rules: withoutChain(rules, chain), sets})),
    ...spread(setsOf(sets), MOST_CUTS).map(set => ({what: `no set ${set}`, rules, sets: withoutSet(sets, set)})),
    {what: 'no rules', rules: '', sets},
    {what: 'no sets', rules, sets: ''},
  ]
}
