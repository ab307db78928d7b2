import type {PolicyPeer} from '../../../kubernetes/objects.ts'
import {parseIpv4Block} from '../../../net/ipv4.ts'
import {printBlock} from '../../../policy/blocks.ts'

/** A block or an exception that ipset refuses. NPM v1 continues without it. */
export interface LostBlock {
  readonly text: string
  readonly isException: boolean
  /** The field in the peer's `ipBlock`: `cidr` or `except[0]`. */
  readonly part: string
}

/** The members of the set that NPM v1 creates for all blocks of a rule. */
export class V1Blocks {
  private readonly members = new Map<string, boolean>()
  /** Blocks and exceptions as the policy spells them. NPM v1 does not write a block again whose spelling is already here. */
  private readonly written = new Set<string>()

  /** @returns the parts that ipset refuses */
  add({cidr, except = []}: NonNullable<PolicyPeer['ipBlock']>): LostBlock[] {
    const lost: LostBlock[] = []
    if (!this.addBlock(cidr)) lost.push({text: cidr, isException: false, part: 'cidr'})
    for (const [index, text] of except.entries())
      if (!this.addException(text)) lost.push({text, isException: true, part: `except[${index}]`})
    return lost
  }

  private addBlock(cidr: string): boolean {
    // hash:net refuses /0.
    if (cidr === '0.0.0.0/0') return ['0.0.0.0/1', '128.0.0.0/1'].every(half => this.addBlock(half))
    const block = parseIpv4Block(cidr)
    if (!block || block.prefix === 0) return false
    if (!this.written.has(cidr)) this.members.set(printBlock(block), false)
    this.written.add(cidr)
    return true
  }

  private addException(text: string): boolean {
    const block = parseIpv4Block(text)
    if (!block || block.prefix === 0) return false
    this.members.set(printBlock(block), true)
    this.written.add(text)
    return true
  }

  /** The members as ipset prints them. */
  get texts(): string[] {
    return [...this.members].map(([text, isException]) => (isException ? `${text} nomatch` : text))
  }
}
