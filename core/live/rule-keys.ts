import type {LiveNode} from '../contract/live.ts'

/**
 * What tells a rule again where rules have changed, by its number: its chain, its words, and which one it is of those that are equal. Rules
 * that no policy of the document has are absent.
 */
function ruleKeys({policies}: LiveNode): ReadonlyMap<number, string> {
  const keys = new Map<number, string>()
  const met = new Map<string, number>()
  const add = (number: number, text: string): void => {
    const equal = met.get(text) ?? 0
    met.set(text, equal + 1)
    keys.set(number, `${text} ${equal}`)
  }
  for (const {chain, jump, policy, rules} of policies) {
    if (jump !== null) add(jump, `jump ${chain} ${policy}`)
    for (const {number, text} of rules) add(number, `${chain} ${text}`)
  }
  return keys
}

/** The number that a rule of one document has in another one; undefined for a rule that it lacks. */
export function numberIn(other: LiveNode, of: LiveNode): (number: number) => number | undefined {
  if (other.structure === of.structure) return number => number
  const numbers = new Map([...ruleKeys(other)].map(([number, key]) => [key, number]))
  const keys = ruleKeys(of)
  return number => {
    const key = keys.get(number)
    return key === undefined ? undefined : numbers.get(key)
  }
}
