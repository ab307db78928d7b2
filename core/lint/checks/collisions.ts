import type {ClusterObjects} from '../../kubernetes/objects.ts'
import type {Compile} from '../../policy/program.ts'
import type {Remark} from '../findings.ts'

/** Collisions of names under the old 32-bit hash, by affected policy. */
export function findCollisions(objects: ClusterObjects, compile: Compile): Map<string, Remark[]> {
  const found = new Map<string, Remark[]>()
  for (const {policy, code, field, reason, consequence} of compile(objects, {scheme: 'fnv32a', semantics: 'npm'}).refusals) {
    if (code !== 'CHAIN_COLLISION' && code !== 'SET_COLLISION') continue
    const remark: Remark = {code, field, what: reason, meaning: `With names of the old scheme: ${consequence}`}
    found.set(policy, [...(found.get(policy) ?? []), remark])
  }
  return found
}
