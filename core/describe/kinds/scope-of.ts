import type {Knowledge} from '../knowledge.ts'
import type {Scope} from '../scope.ts'
import type {Subject} from '../subject.ts'
import {ofAddress, ofPod} from './address.ts'
import {ofNamespace} from './namespace.ts'
import {ofNode} from './node.ts'
import {ofPolicy} from './policy.ts'
import {ofService} from './service.ts'
import {ofSet} from './set.ts'

/** What of all that is known is of a thing. */
export function scopeOf(subject: Subject, known: Knowledge): Scope {
  switch (subject.type) {
    case 'pod':
      return ofPod(subject.pod, known)
    case 'service':
      return ofService(subject.service, known)
    case 'address':
      return ofAddress(subject.name, known)
    case 'policy':
      return ofPolicy(subject.name, known)
    case 'set':
      return ofSet(subject.name, known)
    case 'namespace':
      return ofNamespace(subject.name, known)
    case 'node':
      return ofNode(subject.name, known)
  }
}
