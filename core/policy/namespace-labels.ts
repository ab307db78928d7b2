import {TAKE_OBJECTS} from '../kubernetes/completeness.ts'
import {selects, selectsPartly} from '../kubernetes/label-selector.ts'
import {nameLabelAlone, withNameLabel} from '../kubernetes/namespace-labels.ts'
import type {ClusterObjects, LabelSelector, Labels} from '../kubernetes/objects.ts'
import type {Answer} from './answer.ts'

/** What is known of the labels of namespaces. Every namespace has the label of its name, whether its object was given or not. */
export class NamespaceLabels {
  private readonly labels: ReadonlyMap<string, Labels>

  constructor({namespaces}: ClusterObjects) {
    this.labels = new Map(namespaces.map(each => [each.metadata.name, withNameLabel(each).metadata.labels ?? {}]))
  }

  /** Whether a selector matches a namespace. */
  match(selector: LabelSelector, namespace: string): Answer {
    const labels = this.labels.get(namespace)
    if (labels) return selects(selector, labels)
    const answer = selectsPartly(selector, nameLabelAlone(namespace))
    if (typeof answer === 'boolean') return answer
    const reason = `no Namespace ${namespace} is in the input, so its label ${answer.unknownKey} is not known`
    return {part: `Namespace ${namespace}`, state: 'absent', reason, next: TAKE_OBJECTS}
  }
}
