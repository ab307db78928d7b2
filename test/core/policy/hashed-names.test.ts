import {fc, test} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import {HashedNames, type NameClaim} from '../../../core/policy/hashed-names.ts'

class Claim implements NameClaim {
  readonly text: string
  readonly order: string
  natural = ''
  kernelName = ''
  hashed = ''

  constructor(text: string, order: string) {
    this.text = text
    this.order = order
  }
}

/** A hash of seven values: names of their own meet others too. */
const hash = (text: string): string => {
  let sum = 0
  for (let index = 0; index < text.length; index++) sum = (sum * 3 + text.charCodeAt(index)) % 7
  return `h${sum}`
}

// Three of one hash, two of another.
const claims = ['a', 'h', 'o', 'b', 'i'].map(text => new Claim(text, text))
const steps = fc.array(fc.record({which: fc.nat(claims.length - 1), settles: fc.boolean()}), {maxLength: 30})

/** Adds a claim that is out and removes one that is in, as the steps say. */
function follow(names: HashedNames<Claim>, path: readonly {which: number; settles: boolean}[]): Set<Claim> {
  const present = new Set<Claim>()
  for (const {which, settles} of path) {
    const claim = claims[which] as Claim
    if (present.delete(claim)) names.remove(claim)
    else {
      present.add(claim)
      names.add(claim)
    }
    if (settles) names.settle(() => undefined)
  }
  names.settle(() => undefined)
  return present
}

describe('hashed names that are kept apart', () => {
  test.prop([steps])('are all different, and the hashes of what they say', path => {
    const present = [...follow(new HashedNames<Claim>(hash, true), path)]
    expect(new Set(present.map(({kernelName}) => kernelName)).size).toBe(present.length)
    for (const {kernelName, hashed} of present) expect(kernelName).toBe(hash(hashed))
  })

  test.prop([steps])('depend on what there is, not on how it came', path => {
    const present = follow(new HashedNames<Claim>(hash, true), path)
    const after = claims.map(claim => (present.has(claim) ? claim.hashed : ''))
    const fresh = new HashedNames<Claim>(hash, true)
    for (const claim of claims.toReversed()) if (present.has(claim)) fresh.add(claim)
    fresh.settle(() => undefined)
    expect(claims.map(claim => (present.has(claim) ? claim.hashed : ''))).toEqual(after)
  })

  test.prop([steps])('are told when they change', path => {
    const names = new HashedNames<Claim>(hash, true)
    const told = new Map<Claim, string>()
    const present = follow(names, path)
    for (const claim of present) told.set(claim, claim.kernelName)
    const [first] = present
    if (first) names.remove(first)
    names.settle((claim, before) => {
      expect(told.get(claim)).toBe(before)
      told.set(claim, claim.kernelName)
    })
    for (const claim of present) if (claim !== first) expect(told.get(claim)).toBe(claim.kernelName)
  })
})

describe('hashed names that are not kept apart', () => {
  test.prop([steps])('are the hash of the text, and those that share one are known', path => {
    const names = new HashedNames<Claim>(hash, false)
    const present = follow(names, path)
    for (const claim of present) {
      const mates = claims.filter(other => present.has(other) && hash(other.text) === hash(claim.text))
      expect(claim.kernelName).toBe(hash(claim.text))
      expect(names.claimsTo(claim.natural)).toEqual(mates)
      expect(names.isShared(claim.natural)).toBe(mates.length > 1)
    }
  })
})
