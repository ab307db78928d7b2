import type {SetEntry} from '../contract/common.ts'
import type {TranslatedPolicy, Translation} from '../contract/translation.ts'
import type {NodeDump} from '../dump/model.ts'
import {openTranslation, type TranslationFacts} from '../linux/translate/open.ts'
import {lineRenamer, type SaveLine, saveLines} from '../linux/translate/readable-save.ts'
import {InputError} from '../problem/input-error.ts'
import type {Problem} from '../problem/problem.ts'
import {narrowToSet, type TranslationFilter, wantsPolicy} from './filter.ts'

/** A document of kind `Translation`, whose policies and sets are made one by one while they are read. */
export type StreamedTranslation = Omit<Translation, 'policies' | 'sets'> & {
  readonly policies: Iterable<TranslatedPolicy>
  readonly sets: Iterable<SetEntry>
}

/** What is programmed on a node, as far as a filter wants it. Each call starts at the first item again. */
export interface FilteredTranslation {
  /** All but policies and sets; no filter applies to it. */
  readonly facts: TranslationFacts
  readonly isFiltered: boolean
  policies(): Iterable<TranslatedPolicy>
  document(problems: readonly Problem[]): StreamedTranslation
  /**
   * The lines of the save with names in place of hashes; with a filter only those of rules that belong to wanted policies, and the jumps
   * to these. As they are in the save: not escaped for a terminal.
   *
   * @throws InputError when the dump holds no iptables rules
   */
  save(): Iterable<string>
}

/** Translates what Azure NPM has programmed on a node. Never throws for bad input: see `facts.problems`. */
export function translateNode(dump: NodeDump, filter: TranslationFilter = {}): FilteredTranslation {
  const translation = openTranslation(dump)
  const {facts, chains, book, policyOfChain} = translation
  const isFiltered = Object.keys(filter).length > 0

  function* policies(): Generator<TranslatedPolicy> {
    for (const policy of translation.policies(found => wantsPolicy(found, filter))) {
      const narrowed = narrowToSet(policy, filter.set)
      if (narrowed) yield narrowed
    }
  }

  function* save(): Generator<string> {
    if (!chains.save)
      throw new InputError('-o iptables needs an iptables save', 'Give the output of iptables-save -c with --from.')
    const rename = lineRenamer(book, policyOfChain)
    const isWanted = isFiltered ? wantedLines(policies(), filter.chain) : () => true
    for (const line of saveLines(chains.save)) if (isWanted(line)) yield rename(line.text)
  }

  return {
    facts,
    isFiltered,
    policies,
    document(problems) {
      const {baseChains, staleChains, unresolved, problems: _, ...rest} = facts
      // The order in which the document is printed.
      return {
        ...rest,
        baseChains,
        policies: policies(),
        sets: translation.sets(),
        staleChains,
        unresolved,
        problems: [...problems],
      }
    },
    save,
  }
}

/** Which lines of a save are rules of these policies, jumps to them, or in a chain that is asked for by name. */
function wantedLines(policies: Iterable<TranslatedPolicy>, chain: string | undefined): (line: SaveLine) => boolean {
  const chains = new Set<string>()
  const lines = new Set<number>()
  for (const policy of policies) {
    chains.add(policy.chain)
    for (const {where} of policy.rules) if ('line' in where && where.line !== undefined) lines.add(where.line)
  }
  return ({rule}) =>
    rule !== undefined &&
    (lines.has(rule.line) || rule.chain === chain || (rule.leadsTo !== undefined && chains.has(rule.leadsTo)))
}
