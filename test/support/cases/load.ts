import {readdirSync, readFileSync} from 'node:fs'
import {parse} from 'yaml'
import {z} from 'zod'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import type {Scheme} from '../../../core/names/hash.ts'
import type {Semantics, UnsupportedCode} from '../../../core/policy/program.ts'
import {generatedCases} from './generate.ts'
import {changed, endpointsOf, objectsOf} from './objects.ts'
import {allProbes, type Endpoint, expectedVerdicts, type Probe, type Verdict} from './probe.ts'
import {type CaseShape, type ClusterShape, clusterShape, type Deviation, themeShape} from './shape.ts'

/** One state of the cluster; most cases have one. */
export interface Step {
  /** What has happened since the step before; empty for the first. */
  readonly after: string
  readonly objects: ClusterObjects
  readonly endpoints: readonly Endpoint[]
  readonly probes: readonly Probe[]
  /** What the lines of the case say, by the API's meaning or by Azure NPM's; of probes they do not mention, nothing. */
  readonly expected: Readonly<Record<Semantics, ReadonlyMap<Probe, Verdict>>>
  readonly departs?: Deviation
}

export interface Case {
  readonly name: string
  readonly theme: string
  /** The meanings it is about. */
  readonly semantics: readonly Semantics[]
  readonly cluster: string
  readonly scheme?: Scheme
  /** Why Azure NPM refuses a policy of it, or would if it knew better. */
  readonly refused?: UnsupportedCode
  readonly steps: readonly Step[]
}

const folder = new URL('../../cases/', import.meta.url)

const yamlIn = (path: string): string[] => readdirSync(new URL(path, folder)).filter(name => name.endsWith('.yaml'))

function read<Shape extends z.ZodType>(path: string, shape: Shape): z.output<Shape> {
  const {data, error} = shape.safeParse(parse(readFileSync(new URL(path, folder), 'utf8')))
  if (error) throw new TypeError(`${path}: ${z.prettifyError(error)}`)
  return data
}

/**
 * Every case, written or generated.
 *
 * @throws TypeError or RangeError for a file of another shape, or a line about nobody
 */
export function loadCases(): Case[] {
  const clusters = new Map(
    yamlIn('clusters').map(name => [name.replace('.yaml', ''), read(`clusters/${name}`, clusterShape)] as const),
  )
  const written = yamlIn('.').flatMap(name => {
    const {theme, cases} = read(name, themeShape)
    return cases.map(each => ({theme, each}))
  })
  const generated = generatedCases().map(each => ({theme: 'every combination', each}))
  return [...written, ...generated].map(({theme, each}) => {
    const cluster = clusters.get(each.cluster)
    if (!cluster) throw new RangeError(`${each.name}: no cluster ${each.cluster}`)
    return caseOf(each, theme, cluster)
  })
}

function caseOf(each: CaseShape, theme: string, shared: ClusterShape): Case {
  const {name, semantics, ports, cluster, scheme, refused} = each
  const steps: Step[] = []
  let current = shared
  let policies = each.policies
  for (const {after, expect, departs, ...step} of [{...each, after: ''}, ...each.later]) {
    policies = step.policies ?? policies
    current = changed(current, step.change)
    const endpoints = endpointsOf(current)
    const probes = allProbes(endpoints, ports)
    try {
      const expected = {
        kubernetes: expectedVerdicts(probes, expect),
        npm: expectedVerdicts(probes, [...expect, ...(departs?.expect ?? [])]),
      }
      steps.push({after, objects: objectsOf(current, policies), endpoints, probes, expected, ...(departs && {departs})})
    } catch (error) {
      throw new RangeError(`${name}${after && `, ${after}`}: ${(error as Error).message}`, {cause: error})
    }
  }
  return {
    name,
    theme,
    semantics: semantics === 'both' ? ['npm', 'kubernetes'] : [semantics],
    cluster,
    ...(scheme && {scheme}),
    ...(refused && {refused}),
    steps,
  }
}
