import type {NodeContent} from '../../dataplane/node-facts.ts'
import type {Text} from '../../text/lines.ts'
import type {MatchSet} from '../ipset/model.ts'
import {parseIpsetList} from '../ipset/parse-list.ts'
import {parseIpsetSave} from '../ipset/parse-save.ts'
import {indexIptablesSave, type SaveIndex} from '../iptables/save-index.ts'

/** The kinds of documents that hold rules or sets of Linux. */
export const linuxDocumentKinds = ['iptables-save', 'ipset-save', 'ipset-list'] as const

/** What a tool of a Linux node printed, read. */
export type LinuxDocument = NodeContent &
  (
    | {readonly kind: 'iptables-save'; readonly save: SaveIndex}
    | {readonly kind: 'ipset-save' | 'ipset-list'; readonly sets: readonly MatchSet[]}
  )

/**
 * Reads what `iptables-save`, `ipset save` or `ipset list` printed. Never throws: what is wrong is in `problems`, with its line.
 *
 * @param name of the document, for problems
 * @param isWhole whether it is all that the tool printed, so that a table that is not there is empty
 */
export function readLinuxDocument(kind: LinuxDocument['kind'], text: Text, name: string, isWhole: boolean): LinuxDocument {
  if (kind === 'iptables-save') {
    const save = {...indexIptablesSave(text, name), hasAllTables: isWhole}
    return {kind, backend: save.backend === 'legacy' ? 'legacy' : 'nft', save, problems: save.problems}
  }
  return {kind, ...(kind === 'ipset-save' ? parseIpsetSave(text, name) : parseIpsetList(text, name))}
}
