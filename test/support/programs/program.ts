import {readFileSync} from 'node:fs'
import {isMap, parseDocument, YAMLSeq} from 'yaml'
import {policyChainName} from '../../../core/linux/npm/policy-chain.ts'
import type {Scheme} from '../../../core/names/hash.ts'
import {type Direction, setKernelName} from '../../../core/names/kernel-name.ts'

/**
 * What a node of the bakery cluster may hold:
 * `v2-base36`, `v2-decimal`, `v1`: everything in force, named as these generations do;
 * `mixed`: in the middle of an upgrade, base-36 names in force beside the old decimal chains, empty;
 * `inactive`: NPM v2 runs, the cluster has no policies;
 * `empty`: NPM has never run.
 */
export const variants = ['v2-base36', 'v2-decimal', 'v1', 'mixed', 'inactive', 'empty'] as const
export type Variant = (typeof variants)[number]

export interface Program {
  /** For `ipset restore`. */
  readonly sets: string
  /** For `iptables-restore --noflush`: the chains of kube-proxy, then NPM's. */
  readonly rules: string
  /** The objects behind it, as `kubectl get … -o yaml` prints them. */
  readonly cluster: string
  /** Kernel name of every set of the program → its name before hashing, in the spelling of that generation. */
  readonly setNames: ReadonlyMap<string, string>
  /** Every policy chain → what it belongs to. */
  readonly chains: ReadonlyMap<string, {readonly policy: string; readonly direction: Direction}>
}

/** What Azure NPM would write on a node of the bakery cluster. */
export function program(variant: Variant): Program {
  const cluster = template('cluster.yaml')
  switch (variant) {
    case 'v2-base36':
      return render(v2, 'sha256', cluster)
    case 'v2-decimal':
      return render(v2, 'fnv32a', cluster)
    case 'v1':
      return render(v1, 'fnv32a', cluster)
    case 'mixed':
      return withOldChains(render(v2, 'sha256', cluster))
    case 'inactive':
      return render(v2Inactive, 'sha256', withoutPolicies(cluster))
    case 'empty':
      return render({sets: [], rules: ['kube-proxy.iptables']}, 'sha256', cluster)
  }
}

interface Templates {
  readonly sets: readonly string[]
  readonly rules: readonly string[]
}

const v2Inactive: Templates = {sets: ['v2/objects.ipset'], rules: ['kube-proxy.iptables', 'v2/base.iptables']}
const v2: Templates = {
  sets: [...v2Inactive.sets, 'v2/policies.ipset'],
  rules: [...v2Inactive.rules, 'v2/policies.iptables'],
}
const v1: Templates = {
  sets: ['v1/objects.ipset', 'v1/policies.ipset'],
  rules: ['kube-proxy.iptables', 'v1/base.iptables', 'v1/policies.iptables'],
}

const template = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8')

const CHAIN = /AZURE-NPM-(INGRESS|EGRESS)-\{([^}]+)\}/g
const SET = /\{([^}]+)\}/g

function render(templates: Templates, scheme: Scheme, cluster: string): Program {
  const setNames = new Map<string, string>()
  const chains = new Map<string, {policy: string; direction: Direction}>()
  const hashed = (names: readonly string[]): string =>
    spelled(names.map(name => withoutRemarks(template(name))).join(''), scheme)
      .replace(CHAIN, (_, word: string, policy: string) => {
        const direction = word === 'INGRESS' ? 'Ingress' : 'Egress'
        const chain = policyChainName(policy, direction, scheme)
        chains.set(chain, {policy, direction})
        return chain
      })
      .replace(SET, (_, name: string) => {
        const kernelName = setKernelName(name, scheme)
        setNames.set(kernelName, name)
        return kernelName
      })
  return {sets: hashed(templates.sets), rules: hashed(templates.rules), cluster, setNames, chains}
}

/** The templates explain themselves; NPM's files have neither remarks nor blank lines. */
function withoutRemarks(text: string): string {
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return lines.map(line => `${line}\n`).join('')
}

/**
 * The templates spell names as the base-36 generation does. The one before set policy and key of a nested set, and policy
 * and namespace of a CIDR set, apart by a dash.
 */
function spelled(text: string, scheme: Scheme): string {
  if (scheme === 'sha256') return text
  return text.replace(/(nestedlabel-[^/\s{}]+\/[^:\s{}]+):/g, '$1-').replaceAll(':in-ns:', '-in-ns-')
}

/** NPM flushes the chains of the older scheme at its start and deletes them within five minutes. */
function withOldChains(current: Program): Program {
  const chains = new Map(current.chains)
  let rules = `${current.rules}*filter\n`
  for (const {policy, direction} of current.chains.values()) {
    const old = policyChainName(policy, direction, 'fnv32a')
    chains.set(old, {policy, direction})
    rules += `:${old} - -\n`
  }
  return {...current, rules: `${rules}COMMIT\n`, chains}
}

function withoutPolicies(cluster: string): string {
  const document = parseDocument(cluster)
  const list = document.get('items')
  if (!(list instanceof YAMLSeq)) throw new TypeError('cluster.yaml has no items')
  list.items = list.items.filter(item => !isMap(item) || item.get('kind') !== 'NetworkPolicy')
  return document.toString({indentSeq: false})
}
