import type {Problem} from '../problem/problem.ts'
import type {Scheme} from './hash.ts'
import {setKernelName, setScheme} from './kernel-name.ts'
import {type SetMeaning, setMeaning} from './set-name.ts'
import {v1SetMeaning} from './v1-name.ts'

/**
 * Where a name is known from: a rule's comment, the set itself (on Windows), cluster objects, NPM's debug cache or metrics. `hash`: the recomputed hash is
 * equal.
 */
export const evidences = ['comment', 'set', 'cluster', 'cache', 'metrics', 'hash'] as const
export type Evidence = (typeof evidences)[number]

/** The two generations of NPM name sets differently. */
export type Generation = 'v1' | 'v2'

export interface KnownName {
  /** The name that is hashed: prefixed in v2, bare in v1. */
  readonly name: string
  readonly generation: Generation
  /** Always contains `hash`: a name that does not hash to its set is rejected. */
  readonly evidence: Set<Evidence>
  /** `namespace/name` of a policy whose rule uses the set by this name. */
  policy?: string
  /** Whether a comment of NPM v1 calls it a namespace. */
  isNamespace?: boolean
}

const MEMO_LIMIT = 200_000

/**
 * The known names of each kernel name. Every claimed name is hashed: a mismatch becomes a problem and is not used. If several names
 * have one hash, all are kept.
 */
export class NameIndex {
  private readonly names = new Map<string, KnownName[]>()
  private readonly mismatches = new Map<
    string,
    {kernelName: string; name: string; evidence: Evidence; line?: number; file?: string}
  >()
  private collides = false
  private readonly hashes: Record<Scheme, Map<string, string>> = {fnv32a: new Map(), sha256: new Map()}

  /** Whether a name hashes to a kernel name, by the scheme that the kernel name has the form of. */
  fits(name: string, kernelName: string): boolean {
    if (this.find(kernelName, name)) return true
    const scheme = setScheme(kernelName)
    return scheme !== undefined && this.hashed(name, scheme) === kernelName
  }

  /** The kernel name of a name. Memoized: rules repeat the same few names. */
  hashed(name: string, scheme: Scheme): string {
    const memo = this.hashes[scheme]
    let kernelName = memo.get(name)
    if (kernelName === undefined) {
      kernelName = setKernelName(name, scheme)
      if (memo.size < MEMO_LIMIT) memo.set(name, kernelName)
    }
    return kernelName
  }

  /**
   * Adds a claim that a set has a name.
   *
   * @param where line and file of the claim, for the problem
   * @returns whether the hash matches; if not, the claim becomes a problem
   */
  learn(
    kernelName: string,
    name: string,
    evidence: Evidence,
    generation: Generation,
    where?: {line?: number; file?: string},
  ): boolean {
    const known = this.find(kernelName, name)
    if (known) {
      known.evidence.add(evidence)
      return true
    }
    if (!this.fits(name, kernelName)) {
      this.mismatches.set(`${kernelName} ${name}`, {kernelName, name, evidence, ...where})
      return false
    }
    const entry: KnownName = {name, generation, evidence: new Set<Evidence>([evidence, 'hash'])}
    const others = this.names.get(kernelName) ?? []
    this.names.set(kernelName, [...others, entry])
    this.collides ||= others.length > 0
    return true
  }

  /** Whether any kernel name has several names. */
  get hasCollisions(): boolean {
    return this.collides
  }

  private find(kernelName: string, name: string): KnownName | undefined {
    for (const known of this.names.get(kernelName) ?? []) if (known.name === name) return known
    return undefined
  }

  /** Records a policy that uses a set. Old names of nested sets cannot be parsed without it. */
  usedBy(kernelName: string, name: string, policy: string): void {
    const known = this.find(kernelName, name)
    if (known) known.policy ??= policy
  }

  /** Records that a comment uses a name of NPM v1 as that of a namespace. */
  calledNamespace(kernelName: string, name: string): void {
    const known = this.find(kernelName, name)
    if (known) known.isNamespace = true
  }

  /** All known names of a set: none, one, or several that collide. */
  namesOf(kernelName: string): readonly KnownName[] {
    return this.names.get(kernelName) ?? []
  }

  /**
   * Parses a known name.
   *
   * @param ipsetType the set's kernel type, if known; some names of NPM v1 are ambiguous without it
   */
  meaningOf(known: KnownName, ipsetType?: string): SetMeaning {
    return known.generation === 'v1'
      ? v1SetMeaning(known.name, ipsetType, known.isNamespace)
      : setMeaning(known.name, known.policy)
  }

  /** Kernel names of all sets with a known name. */
  get kernelNames(): Iterable<string> {
    return this.names.keys()
  }

  /** A problem for each mismatch and each collision. */
  problems(): Problem[] {
    const problems: Problem[] = []
    for (const {kernelName, name, evidence, line, file} of this.mismatches.values())
      problems.push({
        code: 'NAME_MISMATCH',
        ...(file !== undefined && {file}),
        ...(line !== undefined && {line}),
        message: `${sourceWords[evidence]} calls set ${kernelName} "${name}", but that name does not hash to it`,
        next: 'The name is not used. If somebody edited the rule by hand, Azure NPM will not repair it; compare it with the policies.',
      })
    for (const [kernelName, known] of this.names) {
      if (known.length < 2) continue
      problems.push({
        code: 'NAME_COLLISION',
        message: `set ${kernelName} stands for ${known.length} names: ${known.map(entry => `"${entry.name}"`).join(' and ')}`,
        next: 'Both share one kernel set, so the members of one count as members of the other. Rename one label or namespace, or upgrade to an Azure NPM with SHA-256 names.',
      })
    }
    return problems
  }
}

const sourceWords: Record<Evidence, string> = {
  comment: "a rule's comment",
  set: 'the name of the set itself',
  cluster: 'a cluster object',
  cache: "Azure NPM's debug cache",
  metrics: "Azure NPM's metrics page",
  hash: 'a derived name',
}
