import type {NodeContent} from '../../dataplane/node-facts.ts'
import type {Text} from '../../text/lines.ts'
import type {MatchSet} from '../ipset/model.ts'
import {parseIpsetList} from '../ipset/parse-list.ts'
import {parseIpsetSave} from '../ipset/parse-save.ts'
import {indexIptablesSave, type SaveIndex} from '../iptables/save-index.ts'

/** The kinds of documents with rules or sets of a Linux node. */
export const linuxDocumentKinds = ['iptables-save', 'ipset-save', 'ipset-list'] as const

/** The parsed output of a tool on a Linux node. */
export type LinuxDocument = NodeContent &
  (
    | {readonly kind: 'iptables-save'; readonly save: SaveIndex}
    | {readonly kind: 'ipset-save' | 'ipset-list'; readonly sets: readonly MatchSet[]}
  )

/**
 * Parses the output of `iptables-save`, `ipset save` or `ipset list`. Never throws for bad input: see `problems`.
 *
 * @param name of the document, for problems
 * @param isWhole whether the text is the whole output, so that a missing table is known to be absent
 */
export function readLinuxDocument(kind: LinuxDocument['kind'], text: Text, name: string, isWhole: boolean): LinuxDocument {
  if (kind === 'iptables-save') {
    const save = {...indexIptablesSave(text, name), hasAllTables: isWhole}
    return {kind, backend: save.backend === 'legacy' ? 'legacy' : 'nft', save, problems: save.problems}
  }
  return {kind, ...(kind === 'ipset-save' ? parseIpsetSave(text, name) : parseIpsetList(text, name))}
}
