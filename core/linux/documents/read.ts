import type {Problem} from '../../problem/problem.ts'
import type {Text} from '../../text/lines.ts'
import type {MatchSet} from '../ipset/model.ts'
import {parseIpsetList} from '../ipset/parse-list.ts'
import {parseIpsetSave} from '../ipset/parse-save.ts'
import {indexIptablesSave, type SaveIndex} from '../iptables/save-index.ts'

/** What a tool of a Linux node printed, read. */
export type LinuxDocument =
  | {readonly kind: 'iptables-save'; readonly save: SaveIndex; readonly problems: readonly Problem[]}
  | {readonly kind: 'ipset-save' | 'ipset-list'; readonly sets: readonly MatchSet[]; readonly problems: readonly Problem[]}

/**
 * Reads what `iptables-save`, `ipset save` or `ipset list` printed. Never throws: what is wrong is in `problems`, with its line.
 *
 * @param name of the document, for problems
 * @param isWhole whether it is all that the tool printed, so that a table that is not there is empty
 */
export function readLinuxDocument(kind: LinuxDocument['kind'], text: Text, name: string, isWhole: boolean): LinuxDocument {
  if (kind === 'iptables-save') {
    const save = {...indexIptablesSave(text, name), hasAllTables: isWhole}
    return {kind, save, problems: save.problems}
  }
  return {kind, ...(kind === 'ipset-save' ? parseIpsetSave(text, name) : parseIpsetList(text, name))}
}
