import {readDump} from '../../core/dump/read-dump.ts'
import {objectKinds} from '../../core/kubernetes/given-objects.ts'
import type {ClusterObjects} from '../../core/kubernetes/objects.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {readFiles} from './read-files.ts'

/**
 * Reads the Kubernetes objects of the files that `-f` names. Rules and sets beside them are ignored. Of an object that several files
 * hold the first counts.
 *
 * @throws InputError when a path cannot be read, or no object is found
 */
export async function readObjects(paths: readonly string[]): Promise<{objects: ClusterObjects; problems: readonly Problem[]}> {
  const read = await readFiles(paths, '-f')
  const {nodes, problems} = await readDump(read.documents)
  const all = [...read.problems, ...problems, ...nodes.flatMap(node => node.problems)]
  const objects = nodes[0]?.cluster
  if (objects && objectKinds.some(kind => objects[kind].length > 0)) return {objects, problems: all}
  const next = 'Give what kubectl get pods,namespaces,networkpolicies -A -o json prints.'
  throw new InputError('nothing to compile: no Kubernetes objects were found that can be used', next, all)
}
