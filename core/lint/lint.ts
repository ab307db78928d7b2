import {type Finding, type LintPlatform, levels} from '../contract/lint.ts'
import {linux} from '../dataplanes.ts'
import {isSamePolicy} from '../dump/merge-objects.ts'
import {type ClusterObjects, type NetworkPolicy, objectKey} from '../kubernetes/objects.ts'
import type {Scheme} from '../names/hash.ts'
import type {Compile} from '../policy/program.ts'
import type {Release} from '../policy/release.ts'
import type {Check, LintContext} from './check.ts'
import {checkBlocks} from './checks/blocks.ts'
import {checkCilium} from './checks/cilium.ts'
import {findCollisions} from './checks/collisions.ts'
import {checkCosts} from './checks/costs.ts'
import {deviationRemarks} from './checks/deviations.ts'
import {checkDns} from './checks/dns.ts'
import {checkLinux} from './checks/linux.ts'
import {checkSelection} from './checks/selection.ts'
import {checkShape} from './checks/shape.ts'
import {checkWindows} from './checks/windows.ts'
import {ClusterView} from './cluster-view.ts'
import {finding, type Remark} from './findings.ts'
import {viewPolicy} from './policy-view.ts'

export const nodePlatforms = ['linux', 'windows'] as const
export type NodePlatform = (typeof nodePlatforms)[number]

export interface LintInput {
  /** The policies to lint. Of two with one name the later one counts, as with `kubectl apply`. */
  readonly policies: readonly NetworkPolicy[]
  /** The objects of the cluster. Its policies with the names of those to lint are older versions, and are replaced. */
  readonly cluster: ClusterObjects
  readonly platforms: readonly NodePlatform[]
  /** How the nodes hash names, if known. With `sha256` collisions are not looked for. */
  readonly scheme?: Scheme
  /** Which Azure NPM to think of; by default those of today, and of names any. */
  readonly release?: Release
}

const checks: readonly Check[] = [
  checkLinux,
  checkShape,
  checkSelection,
  checkBlocks,
  checkDns,
  checkCosts,
  checkCilium,
  checkWindows,
]

/** Finds everything to report on the policies, sorted by the worst policy first. */
export function lintPolicies({policies, cluster, platforms, scheme, release}: LintInput): Finding[] {
  const judged = new Map(policies.map(policy => [objectKey(policy), policy]))
  const others = cluster.policies.filter(policy => !judged.has(objectKey(policy)))
  const objects: ClusterObjects = {...cluster, policies: [...others, ...judged.values()]}
  const views = objects.policies.map(viewPolicy)
  const compiler = linux.policyCompiler
  // Rules are counted here and not looked at, so there may be any number of them.
  const line = release?.line
  const compile: Compile = (given, options) =>
    compiler.compile(given, {
      ...options,
      mostRules: Number.POSITIVE_INFINITY,
      // What the API means depends on no release.
      ...(line && options.semantics === 'npm' && {release: line}),
    })
  const program = compile(objects, {scheme: 'sha256', semantics: 'npm'})
  const context: LintContext = {
    clusterView: new ClusterView(objects, views),
    compiler,
    release,
    program,
    compiled: new Map(program.policies.map(compiled => [compiled.policy, compiled])),
  }
  const perPolicy = [
    duplicates(policies),
    deviationRemarks(objects, views, compile),
    ...((release?.scheme ?? scheme) === 'sha256' ? [] : [findCollisions(objects, compile)]),
  ]
  const isWanted = platformFilter(platforms)
  const findings: Finding[] = []
  for (const view of views) {
    if (!judged.has(view.policy)) continue
    const remarks = [
      ...perPolicy.flatMap(remarksOf => remarksOf.get(view.policy) ?? []),
      ...checks.flatMap(check => [...check(view, context)]),
    ]
    findings.push(...remarks.map(remark => finding(view.policy, remark)).filter(({platform}) => isWanted(platform)))
  }
  return worstFirst(findings)
}

/** Findings on Cilium need Linux, because Cilium replaces Azure NPM only there. */
function platformFilter(platforms: readonly NodePlatform[]): (platform: LintPlatform) => boolean {
  const wanted = new Set<LintPlatform>(['all', ...platforms, ...(platforms.includes('linux') ? (['cilium'] as const) : [])])
  return platform => wanted.has(platform)
}

/** Policies that are given several times, and not the same: a backup may hold each object twice. */
function duplicates(policies: readonly NetworkPolicy[]): Map<string, Remark[]> {
  const firsts = new Map<string, NetworkPolicy>()
  const counts = new Map<string, number>()
  const differing = new Set<string>()
  for (const policy of policies) {
    const key = objectKey(policy)
    const first = firsts.get(key)
    if (first && !isSamePolicy(first, policy)) differing.add(key)
    if (!first) firsts.set(key, policy)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return new Map(
    [...differing].map(key => [
      key,
      [{code: 'DUPLICATE_POLICY', field: 'metadata.name', what: `${key} is given ${counts.get(key)} times`}],
    ]),
  )
}

const rank = ({level}: Finding): number => levels.indexOf(level)

/** Sorts policies by their number of errors, then of warnings, then of infos, then by name. Within a policy, by level. */
export function worstFirst(findings: readonly Finding[]): Finding[] {
  const weights = new Map<string, number[]>()
  for (const each of findings) {
    const weight = weights.get(each.policy) ?? levels.map(() => 0)
    weight[rank(each)] = (weight[rank(each)] ?? 0) + 1
    weights.set(each.policy, weight)
  }
  const compare = (a: string, b: string): number => {
    for (const index of levels.keys()) {
      const difference = (weights.get(b)?.[index] ?? 0) - (weights.get(a)?.[index] ?? 0)
      if (difference !== 0) return difference
    }
    return a < b ? -1 : 1
  }
  const order = new Map([...weights.keys()].toSorted(compare).map((policy, index) => [policy, index]))
  return findings.toSorted((a, b) => (order.get(a.policy) ?? 0) - (order.get(b.policy) ?? 0) || rank(a) - rank(b))
}
