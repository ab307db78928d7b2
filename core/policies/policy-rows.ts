import {type PolicyListItem, type PolicyState, policyStates} from '../contract/policies.ts'
import {type NetworkPolicy, objectKey} from '../kubernetes/objects.ts'
import {policyTypes} from '../kubernetes/policy-types.ts'
import type {Direction} from '../names/kernel-name.ts'

/** What one node has of a policy in one direction. */
export interface Programmed {
  /** Whether a jump leads to its rules. */
  readonly enforced: boolean
  /** Null where not all rules of the node are known. */
  readonly rules: number | null
  /** Packets that its rules which allow, and which drop, have counted; null where nothing tells. */
  readonly allowed: number | null
  readonly dropped: number | null
}

/** What is said of a policy and direction on one node. */
export interface Said {
  readonly state: Exclude<PolicyState, 'in force'>
  readonly code?: string
  readonly text: string
}

interface SaidOnNodes {
  readonly said: Said
  readonly nodes: Set<string>
  readonly texts: Set<string>
}

const directions = ['Ingress', 'Egress'] as const

/** `directions` of a policy's object. A policy may name others than there are. */
const directionsOf = (policy: NetworkPolicy): Direction[] => {
  const types = policyTypes(policy)
  return directions.filter(direction => types.includes(direction))
}

/** A policy and direction, filled node by node. */
export class PolicyRow {
  readonly policy: string
  readonly direction: Direction
  readonly object: NetworkPolicy | undefined
  private programmed = 0
  private least = Number.POSITIVE_INFINITY
  private most = -1
  private allowed: number | null = 0
  private dropped: number | null = 0
  private readonly said = new Map<string, SaidOnNodes>()

  constructor(policy: string, direction: Direction, object: NetworkPolicy | undefined) {
    this.policy = policy
    this.direction = direction
    this.object = object
  }

  /** Whether it has anything to tell: rules that nothing asks for and nothing is said of are of no policy. */
  get isTold(): boolean {
    return this.object !== undefined || this.said.size > 0
  }

  count({enforced, rules, allowed, dropped}: Programmed): void {
    if (enforced) this.programmed++
    if (rules === null) return
    this.least = Math.min(this.least, rules)
    this.most = Math.max(this.most, rules)
    this.allowed = plus(this.allowed, allowed)
    this.dropped = plus(this.dropped, dropped)
  }

  say(node: string, said: Said): void {
    const key = `${said.state} ${said.code ?? ''}`
    const known = this.said.get(key) ?? {said, nodes: new Set<string>(), texts: new Set<string>()}
    known.nodes.add(node)
    if (known.texts.size < MOST_TEXTS) known.texts.add(said.text)
    this.said.set(key, known)
  }

  isSaidOf(node: string): boolean {
    for (const {nodes} of this.said.values()) if (nodes.has(node)) return true
    return false
  }

  private nodesOf(state: PolicyState): Set<string> {
    return new Set([...this.said.values()].flatMap(({said, nodes}) => (said.state === state ? [...nodes] : [])))
  }

  /**
   * @param nodes all that were read
   * @param pods     that it selects
   * @param isCounted whether the counters of all nodes are known
   */
  item(nodes: readonly string[], pods: number | null, isCounted: boolean): PolicyListItem {
    const missing = this.nodesOf('missing')
    const created = this.object?.metadata.creationTimestamp
    const states = [...this.said.values()]
      .toSorted((a, b) => rank(a.said) - rank(b.said))
      .flatMap(({said, nodes: all, texts}) => {
        // Where nothing of it is in force, nothing differs.
        const where = said.state === 'differs' ? new Set([...all].filter(node => !missing.has(node))) : all
        const {state, code, text} = said
        if (where.size === 0) return []
        return {
          state,
          ...(code !== undefined && {code}),
          nodes: where.size === nodes.length ? [] : [...where].toSorted(),
          text: texts.size > 1 ? `${text}, and more that diff tells` : text,
        }
      })
    return {
      ...namesOf(this.policy),
      direction: this.direction,
      pods,
      nodes: {
        programmed: this.programmed,
        all: nodes.length,
        missing: [...missing].toSorted(),
        unknown: [...this.nodesOf('unknown')].toSorted(),
      },
      rules: this.most < 0 ? null : {least: this.least, most: this.most},
      newConnections: isCounted && this.most >= 0 ? this.allowed : null,
      drops: isCounted && this.most >= 0 ? this.dropped : null,
      states:
        states.length > 0 ? states : [{state: 'in force', nodes: [], text: 'every node that was read has what it asks for'}],
      createdAt: created !== undefined && TIME.test(created) ? created : null,
    }
  }
}

/** Texts of one state that are told apart: whether there is more than one. */
const MOST_TEXTS = 2

/** As API servers write times. */
const TIME = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/

const plus = (sum: number | null, more: number | null): number | null => (sum === null || more === null ? null : sum + more)

const rank = ({state}: Said): number => policyStates.indexOf(state)

const namesOf = (policy: string): {namespace: string; name: string} => {
  const slash = policy.indexOf('/')
  return {namespace: policy.slice(0, Math.max(0, slash)), name: policy.slice(slash + 1)}
}

/** All policies and directions that objects ask for or nodes have. */
export class PolicyRows {
  private readonly rows = new Map<string, PolicyRow>()
  private readonly objects: ReadonlyMap<string, NetworkPolicy>

  constructor(policies: readonly NetworkPolicy[]) {
    this.objects = new Map(policies.map(policy => [objectKey(policy), policy]))
    for (const [policy, object] of this.objects) for (const direction of directionsOf(object)) this.of(policy, direction)
  }

  /** The row, which is made if nothing has asked for it. */
  of(policy: string, direction: Direction): PolicyRow {
    const key = `${policy} ${direction}`
    const known = this.rows.get(key)
    if (known) return known
    const object = this.objects.get(policy)
    const row = new PolicyRow(policy, direction, object && directionsOf(object).includes(direction) ? object : undefined)
    this.rows.set(key, row)
    return row
  }

  /** The rows of a policy that there are, of one direction or both. */
  ofPolicy(policy: string, direction?: Direction): PolicyRow[] {
    return (direction ? [direction] : directions).flatMap(each => this.rows.get(`${policy} ${each}`) ?? [])
  }

  get all(): Iterable<PolicyRow> {
    return this.rows.values()
  }
}
