import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {parse} from 'yaml'
import type {Scheme} from '../../core/names/hash.ts'

const fixtures = join(import.meta.dirname, '../fixtures')

/** One node of the fixtures: what its tools printed, and the objects of its cluster. */
export interface FixtureNode {
  /** Its folder, `real-npm/shop-sha256`. */
  readonly name: string
  readonly rules: string
  readonly sets: string
  readonly cluster: unknown
  /** Any other file of its folder, undefined when it has none of that name. */
  readonly file: (name: string) => string | undefined
}

function fixtureNode(name: string): FixtureNode {
  const path = (file: string) => join(fixtures, name, file)
  const file = (each: string) => (existsSync(path(each)) ? readFileSync(path(each), 'utf8') : undefined)
  return {
    name,
    rules: readFileSync(path('iptables-save.txt'), 'utf8'),
    sets: readFileSync(path('ipset-save.txt'), 'utf8'),
    cluster: parse(file('cluster.yaml') ?? file('cluster.json') ?? ''),
    file,
  }
}

/** Every node of `captures` and `real-npm`. */
export const fixtureNodes: readonly FixtureNode[] = ['captures', 'real-npm'].flatMap(group =>
  readdirSync(join(fixtures, group), {withFileTypes: true})
    .filter(entry => entry.isDirectory())
    .map(entry => fixtureNode(`${group}/${entry.name}`)),
)

export function nodeNamed(name: string): FixtureNode {
  const found = fixtureNodes.find(node => node.name === name)
  if (!found) throw new Error(`no fixture ${name}`)
  return found
}

/** A table of known answers. */
export const vectors = <Shape>(file: string): Shape => JSON.parse(readFileSync(join(fixtures, 'vectors', file), 'utf8')) as Shape

/** A kernel name in both schemes. */
export type InSchemes = Readonly<Record<Scheme, string>>
