import type {ClusterObjects} from '../../core/kubernetes/objects.ts'
import {listOfKind, namespaces, networkPolicies, nodes, podsOf} from './kinds.ts'

const PIECE_CHARACTERS = 64 * 1024

/**
 * The objects as JSON of a Kubernetes List, as `kubectl get -o json` prints it, in pieces of about 64,000 characters: a large
 * cluster as one string would take its whole size in memory.
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
