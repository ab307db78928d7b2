import type {Departure, JudgedPacket} from '../contract/drift.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import type {Packet} from '../net/packet.ts'
import {type DeviatingCompiler, type Deviation, findDeviations} from '../policy/deviations.ts'
import type {Evaluator} from '../policy/evaluate.ts'
import type {Program, Unsupported} from '../policy/program.ts'

/** How many packets are shown of what a departure opens, and of what it closes. */
const MOST_EXAMPLES = 3

const OTHER = 'what Azure NPM programs for these policies is not what the NetworkPolicy API means'

interface Found {
  readonly departure: Departure
  /** Whether it counts without a packet that shows it. */
  readonly isCertain: boolean
}

/**
 * Where Azure NPM does something else than the policies ask for: policies that it refuses, and those that it turns into something
 * else, as far as a packet shows it.
 */
export class Departures {
  private readonly evaluator: Evaluator
  private readonly found: Found[] = []
  private readonly shared = new Map<string, Departure>()
  private readonly other: Departure = {code: 'OTHER', text: OTHER, policies: [], opens: [], closes: []}

  /** @param compiler of the data plane; of NPM v1 only refusals are known by name */
  constructor(cluster: ClusterObjects, program: Program, compiler: DeviatingCompiler, evaluator: Evaluator) {
    this.evaluator = evaluator
    for (const refusal of refusalsOf(program)) this.found.push({departure: ofRefusal(refusal), isCertain: true})
    if (program.options.generation === 'v1') return
    const refused = new Set(program.refusals.map(({policy}) => policy))
    for (const deviation of findDeviations(cluster, compiler, program.options.scheme, program.refusals))
      for (const departure of ofDeviation(deviation, refused)) this.found.push({departure, isCertain: false})
  }

  /** Policies whose packets may show a departure. */
  get policies(): ReadonlySet<string> {
    return new Set(this.found.flatMap(({departure}) => departure.policies))
  }

  /** A packet that Azure NPM's own program judges otherwise than the policies do. */
  add(packet: Packet, now: 'accept' | 'drop', shown: JudgedPacket): void {
    const {ingress, egress} = this.evaluator.evaluate(packet)
    const concerned = new Set([...ingress.selecting, ...egress.selecting])
    const ends = [shown.source, shown.destination].filter(pod => pod !== undefined)
    const namespaces = new Set(ends.map(pod => pod.slice(0, pod.indexOf('/'))))
    const isBetweenPods = ends.length === 2
    const concerning = this.found.filter(
      ({departure}) =>
        departure.policies.some(policy => concerned.has(policy)) || departure.namespaces?.some(name => namespaces.has(name)),
    )
    // Of a policy with both, one concerns pods and the other everybody else.
    const all = concerning.filter(
      ({departure: {code}}) => !(code === 'NEGATIVE_ONLY' ? isBetweenPods : code === 'NAMESPACE_NOT_IN' && !isBetweenPods),
    )
    const departures = all.length > 0 ? all.map(({departure}) => departure) : [this.other]
    for (const {opens, closes} of departures) {
      const list = now === 'accept' ? opens : closes
      if (list.length < MOST_EXAMPLES) list.push(shown)
    }
    if (all.length === 0)
      for (const policy of concerned) if (!this.other.policies.includes(policy)) this.other.policies.push(policy)
  }

  /**
   * A packet of a pod that shares its address with others, whose rules hold for it, too.
   *
   * @param pods those with the address
   */
  addShared(address: string, pods: readonly string[], now: 'accept' | 'drop', shown: JudgedPacket): void {
    const text = `${pods.join(', ')} have one address, ${address}, and the rules for each hold for all of them`
    const departure = this.shared.get(address) ?? {code: 'SHARED_ADDRESS', text, policies: [], opens: [], closes: []}
    this.shared.set(address, departure)
    const list = now === 'accept' ? departure.opens : departure.closes
    if (list.length < MOST_EXAMPLES) list.push(shown)
  }

  /** Those that are told: refusals, and whatever a packet shows. */
  get told(): Departure[] {
    return [
      ...this.found.filter(({departure, isCertain}) => isCertain || isShown(departure)).map(({departure}) => departure),
      ...this.shared.values(),
      this.other,
    ].filter(departure => departure !== this.other || isShown(departure))
  }

  /** Those that no packet shows, in sentences. */
  get notes(): string[] {
    return this.found
      .filter(({departure, isCertain}) => !isCertain && !isShown(departure))
      .map(
        ({departure: {code, policies, namespaces = [], text}}) =>
          `${[...policies, ...namespaces].join(', ')} (${code}): ${text}; no packet was found that shows it`,
      )
  }
}

const isShown = ({opens, closes}: Departure): boolean => opens.length + closes.length > 0

/** Refusals that are Azure NPM's own, not limits of this program. */
export function refusalsOf({leftOut, refusals}: Program): Unsupported[] {
  const isLeftOut = new Set(leftOut.map(({policy}) => policy))
  return refusals.filter(({policy, code}) => code !== 'TOO_MANY_RULES' || !isLeftOut.has(policy))
}

const ofRefusal = ({policy, code, reason, consequence}: Unsupported): Departure => ({
  code,
  text: `policy ${policy}: ${reason}; ${consequence}`,
  policies: [policy],
  opens: [],
  closes: [],
})

function* ofDeviation({code, sentence, places}: Deviation, refused: ReadonlySet<string>): Generator<Departure> {
  const names = (kind: 'NetworkPolicy' | 'Namespace') => [
    ...new Set(places.filter(place => place.kind === kind).map(({object}) => object)),
  ]
  // Why a policy is refused is told of the policy.
  const policies = names('NetworkPolicy').filter(policy => !refused.has(policy))
  const namespaces = names('Namespace')
  if (policies.length + namespaces.length === 0) return
  yield {code, text: sentence, policies, ...(namespaces.length > 0 && {namespaces}), opens: [], closes: []}
}
