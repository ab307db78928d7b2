import {allNamespaces, type NamedSet} from './named-set.ts'
import type {CompileOptions} from './program.ts'
import {namespaceKeySet, namespaceLabelSet, podLabelSet} from './selectors.ts'
import {v1ObjectNames} from './v1/names.ts'

/** How the sets are called that come of pods and namespaces, besides those that are called the same by all releases. */
export interface ObjectNames {
  readonly podKey: (key: string) => NamedSet
  readonly podLabel: (label: string) => NamedSet
  readonly namespaceKey: (key: string) => NamedSet
  readonly namespaceLabel: (label: string) => NamedSet
  readonly allNamespaces: NamedSet
}

export function objectNames({generation, semantics}: CompileOptions): ObjectNames {
  if (generation === 'v1') return v1ObjectNames
  return {
    podKey: key => ({type: 'KeyLabelOfPod', name: `podlabel-${key}`}),
    podLabel: podLabelSet,
    namespaceKey: key => namespaceKeySet(key, semantics),
    namespaceLabel: namespaceLabelSet,
    allNamespaces,
  }
}
