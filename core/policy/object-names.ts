import {allNamespaces, type ObjectNames} from './named-set.ts'
import type {CompileOptions} from './program.ts'
import {namespaceKeySet, namespaceLabelSet, podLabelSet} from './selectors.ts'
import {v1ObjectNames} from './v1-names.ts'

/** The names of the sets of pods and namespaces for a generation of Azure NPM. */
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
