import {objectKey} from '../kubernetes/objects.ts'
import {printIpv4} from '../net/ipv4.ts'
import type {EndClass} from '../packets/end-classes.ts'

/** `namespace/pod` of the first pod, `node NAME`, or the address. */
export function endName({pods: [pod], node, address}: EndClass): string {
  if (pod) return objectKey(pod)
  return node === undefined ? printIpv4(address) : `node ${node}`
}
