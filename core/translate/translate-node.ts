import type {SetEntry} from '../contract/common.ts'
import type {TranslatedPolicy, Translation} from '../contract/translation.ts'
import type {NodeState, TranslationFacts} from '../dataplane/dataplane.ts'
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
export function translateNode(dump: NodeState, filter: TranslationFilter = {}): FilteredTranslation {
  const translation = dump.translation()
  const {facts} = translation
  const isFiltered = Object.keys(filter).length > 0

  function* policies(): Generator<TranslatedPolicy> {
    for (const policy of translation.policies(found => wantsPolicy(found, filter))) {
      const narrowed = narrowToSet(policy, filter.set)
      if (narrowed) yield narrowed
    }
  }

  function save(): Iterable<string> {
    const lines = translation.savedText(isFiltered ? {policies: policies(), chain: filter.chain} : undefined)
    if (!lines) throw new InputError('-o iptables needs an iptables save', 'Give the output of iptables-save -c with --from.')
    return lines
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
