import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import type {SaveIndex} from '../../../core/linux/iptables/save-model.ts'
import {LinuxNode} from '../../../core/linux/node-state.ts'
import type {LinuxDocuments} from '../../../core/linux/npm/documents.ts'

/** What a Linux node was opened from. */
export function linuxDocuments(node: NodeState | undefined): LinuxDocuments {
  if (!(node instanceof LinuxNode)) throw new Error('no Linux node')
  return node.documents
}

/** The rules that a Linux node was opened from; undefined when there were none. */
export const saveOf = (node: NodeState | undefined): SaveIndex | undefined => linuxDocuments(node).saved?.save
