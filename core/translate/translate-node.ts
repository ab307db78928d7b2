import type {SetEntry} from '../contract/common.ts'
import type {TranslatedPolicy, Translation} from '../contract/translation.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {TranslationFacts} from '../dataplane/node-translation.ts'
import {InputError} from '../problem/input-error.ts'
import type {Problem} from '../problem/problem.ts'
import {narrowToSets, type TranslationFilter, wantsPolicy} from './filter.ts'
import {type UnknownName, unknownNames} from './unknown-names.ts'

/** A document of kind `Translation`. Its policies and sets are generated lazily. */
export type StreamedTranslation = Omit<Translation, 'policies' | 'sets'> & {
  readonly policies: Iterable<TranslatedPolicy>
  readonly sets: Iterable<SetEntry>
}

/** What is programmed on a node, reduced by a filter. Each call starts again at the first item. */
export interface FilteredTranslation {
  /** Everything except policies and sets, unfiltered. */
  readonly facts: TranslationFacts
  readonly isFiltered: boolean
  /** Names of the filter that nothing of the node has. */
  readonly unknown: readonly UnknownName[]
  policies(): Iterable<TranslatedPolicy>
  document(problems: readonly Problem[]): StreamedTranslation
  /**
   * The lines of the iptables save with names instead of hashes. With a filter, only the rules of matching policies and the jumps
   * to them. Control characters are not escaped.
   *
   * @throws InputError when the dump holds no iptables rules
   */
  save(): Iterable<string>
}

/** Translates what Azure NPM has programmed on a node. Bad input does not throw; it is in `facts.problems`. */
export function translateNode(dump: NodeState, filter: TranslationFilter = {}): FilteredTranslation {
  const translation = dump.translation()
  const facts: TranslationFacts = {...translation.facts, release: dump.release()}
  const isFiltered = Object.keys(filter).length > 0

  function* policies(): Generator<TranslatedPolicy> {
    for (const policy of translation.policies(found => wantsPolicy(found, filter))) {
      const narrowed = narrowToSets(policy, filter.set)
      if (narrowed) yield narrowed
    }
  }

  function save(): Iterable<string> {
    const lines = translation.savedText(isFiltered ? {policies: policies(), chains: filter.chain ?? []} : undefined)
    if (!lines) throw new InputError('-o iptables needs an iptables save', 'Give the output of iptables-save -c with --from.')
    return lines
  }

  return {
    facts,
    isFiltered,
    unknown: unknownNames(dump, filter),
    policies,
    document(problems) {
      const {baseChains, staleChains, incomplete, unresolved, problems: _, ...rest} = facts
      // The order in which the document is printed.
      return {
        ...rest,
        baseChains,
        policies: policies(),
        sets: translation.sets(),
        staleChains,
        incomplete,
        unresolved,
        problems: [...problems],
      }
    },
    save,
  }
}
