import type {ClusterObjects} from '../../core/kubernetes/objects.ts'
import {listOfKind, namespaces, networkPolicies, nodes, podsOf} from './kinds.ts'

const PIECE_CHARACTERS = 64 * 1024

/**
 * The objects as a List of Kubernetes, as `kubectl get -o json` prints it, in pieces of about 64,000 characters: one text
 * of a large cluster would need its size in memory at once.
 */
export function* clusterJson(objects: ClusterObjects): Generator<string> {
  let piece = '{"apiVersion":"v1","kind":"List","metadata":{},"items":['
  let separator = '\n'
  for (const {kind, apiVersion} of [nodes, namespaces, networkPolicies, podsOf()])
    for (const object of objects[listOfKind[kind]]) {
      piece += separator + JSON.stringify({apiVersion, kind, ...object})
      separator = ',\n'
      if (piece.length < PIECE_CHARACTERS) continue
      yield piece
      piece = ''
    }
  yield `${piece}\n]}\n`
}
