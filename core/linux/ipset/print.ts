import type {MatchSet} from './model.ts'
import {isList} from './parsed-sets.ts'

/**
 * Prints sets in the format of `ipset restore`. Lists come last, because ipset requires their members to exist. The
 * inverse of `parseIpsetSave`.
 *
 * @param sets ipset refuses a set with the type `unknown` or with a double quote in its name; both are still printed
 * @returns one line at a time, with its line feed
 */
export function* printIpsetSave(sets: Iterable<MatchSet>): Generator<string> {
  const lists: MatchSet[] = []
  for (const set of sets) {
    if (isList(set.type)) lists.push(set)
    else yield* printSet(set)
  }
  for (const list of lists) yield* printSet(list)
}

function* printSet({name, type, header, members}: MatchSet): Generator<string> {
  const words = ['create', printName(name), type]
  for (const [key, value] of header) words.push(key, ...(value === '' ? [] : [value]))
  yield `${words.join(' ')}\n`
  const start = `add ${printName(name)} `
  for (const {entry, nomatch, extra} of members) {
    yield `${start}${printName(entry)}${nomatch ? ' nomatch' : ''}${extra === undefined ? '' : ` ${extra}`}\n`
  }
}

/** A name with blanks needs quotes, which ipset cannot print inside quotes. */
const printName = (name: string): string => (/[ \t\r]/.test(name) && !name.includes('"') ? `"${name}"` : name)
