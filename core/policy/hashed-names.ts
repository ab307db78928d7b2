/** Something that has a kernel name: a set or a policy's chains. */
export interface NameClaim {
  /** What Azure NPM hashes. */
  readonly text: string
  /** Sort key among claims to one kernel name. No two are equal. */
  readonly order: string
  /** The kernel name that results from `text`. */
  natural: string
  /** The name it has: `natural`, or a distinct one after a collision. */
  kernelName: string
  /** The text that `kernelName` results from. */
  hashed: string
}

/**
 * Assigns kernel names and tracks collisions. In Azure NPM colliding claims share one name. With `keepsApart` all but the first
 * get the hash of their text with the suffix `=1`, `=2` …, which no Kubernetes name contains. The result depends on the claims that
 * exist, not on the order in which they were added.
 */
export class HashedNames<Claim extends NameClaim> {
  private readonly groups = new Map<string, Claim[]>()
  /** Natural names with several claims. */
  private readonly shared = new Set<string>()
  private hasChanged = false
  private readonly hash: (text: string) => string
  private readonly keepsApart: boolean

  constructor(hash: (text: string) => string, keepsApart: boolean) {
    this.hash = hash
    this.keepsApart = keepsApart
  }

  add(claim: Claim): void {
    claim.natural = claim.natural || this.hash(claim.text)
    claim.kernelName = claim.natural
    claim.hashed = claim.text
    const group = this.groups.get(claim.natural)
    if (!group) this.groups.set(claim.natural, [claim])
    else {
      group.push(claim)
      group.sort((a, b) => (a.order < b.order ? -1 : 1))
      this.shared.add(claim.natural)
      this.hasChanged = true
    }
    // A suffixed name may collide with the natural name of the new claim.
    if (this.keepsApart && this.shared.size > 0) this.hasChanged = true
  }

  remove(claim: Claim): void {
    const group = this.groups.get(claim.natural)
    if (!group) return
    if (this.shared.size > 0) this.hasChanged = true
    group.splice(group.indexOf(claim), 1)
    if (group.length === 0) this.groups.delete(claim.natural)
    if (group.length < 2) this.shared.delete(claim.natural)
  }

  /** All claims to a natural kernel name. The first one keeps it. */
  claimsTo(kernelName: string): readonly Claim[] {
    return this.groups.get(kernelName) ?? []
  }

  get hasShared(): boolean {
    return this.shared.size > 0
  }

  isShared(natural: string): boolean {
    return this.shared.has(natural)
  }

  /**
   * Assigns names again after additions and removals.
   *
   * @param renamed is called for every claim whose name changes, with its previous name
   * @returns whether shared names may have changed since the last call
   */
  settle(renamed: (claim: Claim, before: string) => void): boolean {
    const hasChanged = this.hasChanged
    this.hasChanged = false
    if (!hasChanged || !this.keepsApart) return hasChanged
    const given = new Set<string>()
    const wanted = new Map<Claim, string>()
    for (const natural of [...this.shared].toSorted())
      for (const claim of this.claimsTo(natural).slice(1)) wanted.set(claim, this.ownText(claim.text, given))
    for (const claim of [...this.own.keys(), ...wanted.keys()]) {
      const hashed = wanted.get(claim) ?? claim.text
      if (hashed === claim.hashed) continue
      const before = claim.kernelName
      claim.hashed = hashed
      claim.kernelName = this.hash(hashed)
      renamed(claim, before)
    }
    this.own = wanted
    return true
  }

  /** Claims with a suffixed name since the last `settle`, with the text that was hashed. */
  private own = new Map<Claim, string>()

  private ownText(text: string, given: Set<string>): string {
    for (let number = 1; ; number++) {
      const own = `${text}=${number}`
      const kernelName = this.hash(own)
      if (this.groups.has(kernelName) || given.has(kernelName)) continue
      given.add(kernelName)
      return own
    }
  }
}
