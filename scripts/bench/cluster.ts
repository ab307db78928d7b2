import type {Scheme} from '../../core/names/hash.ts'
import type {Direction} from '../../core/names/kernel-name.ts'
import {cidrSetNames, nestedSetNames} from '../../core/names/policy-set-name.ts'
import {ALL_NAMESPACES} from '../../core/names/set-name.ts'
import {Random} from './random.ts'

/*
 * A made-up cluster, already translated as Azure NPM does: sets by their prefixed names, policies as conditions on sets.
 * All parts grow together, as they do in real clusters: more policies mean more namespaces, applications and pods.
 */

/** One set condition of a rule. */
export interface Condition {
  readonly name: string
  readonly negated: boolean
}

export interface PolicyRule {
  readonly action: 'ALLOW' | 'DROP'
  readonly peers: readonly Condition[]
  /** Upper case, as policies have it. */
  readonly protocol?: string
  /** `80` or `80:90`. */
  readonly port?: string
  readonly namedPort?: string
}

export interface Policy {
  /** `namespace/name` */
  readonly key: string
  readonly namespace: string
  readonly target: readonly Condition[]
  readonly rules: ReadonlyMap<Direction, readonly PolicyRule[]>
}

export interface Cluster {
  readonly policies: readonly Policy[]
  /** Prefixed set name → members as ipset prints them; lists have the prefixed names of their members. */
  readonly sets: ReadonlyMap<string, readonly string[]>
  readonly services: readonly Service[]
}

export interface Service {
  /** `namespace/name:port`, as kube-proxy writes it into comments. */
  readonly name: string
  readonly address: string
  readonly port: number
  readonly endpoints: readonly string[]
}

const TEAMS = ['payments', 'checkout', 'search', 'identity', 'logistics', 'media', 'billing', 'catalog', 'support', 'guests']
const STAGES = ['prod', 'staging', 'dev', 'qa']
const APPS = ['web', 'api', 'worker', 'gateway', 'db', 'cache', 'queue', 'auth', 'mailer', 'indexer', 'scheduler', 'exporter']
const TIERS = ['frontend', 'backend', 'data', 'infra']
const PORTS = [80, 443, 3000, 5432, 6379, 8080, 8443, 9090, 9200, 27017]
const NAMED_PORTS = ['http', 'https', 'grpc', 'metrics', 'pg', 'admin']

const POLICIES_PER_NAMESPACE = 12
const PODS_PER_POLICY = 3
const POLICIES_PER_SERVICE = 4
const VERSIONS = 40

const address = (index: number): string => `10.${64 + ((index >> 16) & 63)}.${(index >> 8) & 255}.${index & 255}`

/** @param policies how many; everything else follows from it */
export function makeCluster(policies: number, scheme: Scheme, seed = 1): Cluster {
  return new ClusterMaker(policies, scheme, new Random(seed)).make()
}

class ClusterMaker {
  private readonly random: Random
  private readonly scheme: Scheme
  private readonly size: number
  private readonly namespaces: string[] = []
  private readonly apps: string[]
  private readonly sets = new Map<string, string[]>()

  constructor(size: number, scheme: Scheme, random: Random) {
    this.size = size
    this.scheme = scheme
    this.random = random
    this.apps = Array.from({length: Math.max(APPS.length, size >> 1)}, (_, index) => {
      const app = APPS[index % APPS.length] as string
      return index < APPS.length ? app : `${TEAMS[index % TEAMS.length]}-${app}-${index}`
    })
  }

  make(): Cluster {
    const count = Math.max(8, Math.ceil(this.size / POLICIES_PER_NAMESPACE))
    for (let index = 0; index < count; index++) this.addNamespace(index)
    for (let index = 0; index < this.size * PODS_PER_POLICY; index++) this.addPod(index)
    const policies = Array.from({length: this.size}, (_, index) => this.policy(index))
    const services = Array.from({length: Math.ceil(this.size / POLICIES_PER_SERVICE)}, (_, index) => this.service(index))
    return {policies, sets: this.sets, services}
  }

  /** The members of a set, which exists from now on. */
  private set(name: string): string[] {
    let members = this.sets.get(name)
    if (!members) this.sets.set(name, (members = []))
    return members
  }

  private addNamespace(index: number): void {
    const team = TEAMS[index % TEAMS.length] as string
    const stage = this.random.pick(STAGES)
    const name = `${team}-${stage}-${index}`
    this.namespaces.push(name)
    const set = `ns-${name}`
    this.set(set)
    this.set(ALL_NAMESPACES).push(set)
    for (const [key, value] of [
      ['team', team],
      ['stage', stage],
      ['kubernetes.io/metadata.name', name],
    ]) {
      this.set(`nslabel-${key}`).push(set)
      this.set(`nslabel-${key}:${value}`).push(set)
    }
  }

  private addPod(index: number): void {
    const {random} = this
    const pod = address(index)
    this.set(`ns-${random.pick(this.namespaces)}`).push(pod)
    const labels: [string, string][] = [
      ['app', random.pick(this.apps)],
      ['tier', random.pick(TIERS)],
      ['version', `v${1 + random.below(VERSIONS)}`],
    ]
    for (const [key, value] of labels) {
      this.set(`podlabel-${key}`).push(pod)
      this.set(`podlabel-${key}:${value}`).push(pod)
    }
    if (random.percent(60)) this.set(`namedport:${random.pick(NAMED_PORTS)}`).push(`${pod},tcp:${random.pick(PORTS)}`)
  }

  private app(): string {
    return `podlabel-app:${this.random.pick(this.apps)}`
  }

  private policy(index: number): Policy {
    const {random} = this
    const namespace = this.namespaces[index % this.namespaces.length] as string
    const key = `${namespace}/allow-${random.pick(APPS)}-${index}`
    const target = [...this.podConditions(key), {name: `ns-${namespace}`, negated: false}]
    const rules = new Map<Direction, PolicyRule[]>([['Ingress', this.rules('Ingress', key, namespace)]])
    if (random.percent(60)) rules.set('Egress', this.rules('Egress', key, namespace))
    for (const {name} of target) this.set(name)
    return {key, namespace, target, rules}
  }

  private podConditions(policy: string): Condition[] {
    const {random} = this
    if (random.percent(10)) return [{name: this.nested(policy), negated: false}]
    const conditions = [{name: this.app(), negated: false}]
    if (random.percent(30)) conditions.push({name: `podlabel-tier:${random.pick(TIERS)}`, negated: false})
    if (random.percent(6)) conditions.push({name: 'podlabel-version:v1', negated: true})
    return conditions
  }

  private nested(policy: string): string {
    const values = Array.from({length: 2 + this.random.below(3)}, () => this.random.pick(this.apps))
    const [name = ''] = nestedSetNames(policy, 'app', values, this.scheme)
    this.sets.set(name, [...new Set(values.map(value => `podlabel-app:${value}`))])
    return name
  }

  private rules(direction: Direction, policy: string, namespace: string): PolicyRule[] {
    const {random} = this
    const rules: PolicyRule[] = []
    const peers = 1 + random.below(5)
    for (let peer = 0; peer < peers; peer++) {
      const conditions = this.peer(direction, policy, namespace, peer)
      const ports = random.percent(10) ? [{}] : Array.from({length: 1 + random.below(2)}, () => this.port())
      for (const port of ports) rules.push({action: 'ALLOW', peers: conditions, ...port})
    }
    for (const {name} of rules.flatMap(rule => rule.peers)) this.set(name)
    return [...rules, {action: 'DROP', peers: []}]
  }

  private peer(direction: Direction, policy: string, namespace: string, peer: number): Condition[] {
    const {random} = this
    const of = (name: string, negated = false): Condition => ({name, negated})
    const kind = random.below(100)
    if (kind < 50) return [...this.podConditions(policy), of(`ns-${namespace}`)]
    if (kind < 62) return [of(`nslabel-team:${random.pick(TEAMS)}`)]
    if (kind < 76) return [of(`nslabel-kubernetes.io/metadata.name:${random.pick(this.namespaces)}`), of(this.app())]
    if (kind < 80) return [of('nslabel-team:guests', true)]
    if (kind < 86) return [of(ALL_NAMESPACES)]
    if (kind < 90) return []
    const [name = ''] = cidrSetNames(policy, {direction, rule: 0, peer}, this.scheme)
    const block = random.below(256)
    this.sets.set(name, [
      `172.${16 + random.below(16)}.${block}.0/24`,
      ...(random.percent(30) ? [`172.16.${block}.0/28 nomatch`] : []),
    ])
    return [of(name)]
  }

  private port(): Pick<PolicyRule, 'protocol' | 'port' | 'namedPort'> {
    const {random} = this
    const kind = random.below(100)
    if (kind < 10) return {protocol: 'UDP', port: '53'}
    if (kind < 18) {
      const namedPort = `namedport:${random.pick(NAMED_PORTS)}`
      this.set(namedPort)
      return {protocol: 'TCP', namedPort}
    }
    if (kind < 24) return {protocol: 'TCP', port: `${30_000 + random.below(1000)}:32767`}
    if (kind < 28) return {protocol: 'SCTP'}
    return {protocol: 'TCP', port: String(random.pick(PORTS))}
  }

  private service(index: number): Service {
    const {random} = this
    const pods = this.size * PODS_PER_POLICY
    return {
      name: `${random.pick(this.namespaces)}/${random.pick(APPS)}-${index}:${random.pick(NAMED_PORTS)}`,
      address: `10.0.${(index >> 8) & 255}.${index & 255}`,
      port: random.pick(PORTS),
      endpoints: Array.from({length: 1 + random.below(3)}, () => `${address(random.below(pods))}:${random.pick(PORTS)}`),
    }
  }
}
