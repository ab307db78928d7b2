import {AGENT_LABEL} from '../../core/contract/pod-labels.ts'
import {COMPONENT_LABEL} from './objects.ts'

/** Selects agents' pods, of one component or of all. */
export function agentSelector(component?: 'daemon' | 'ephemeral'): string {
  const labels = [
    `${AGENT_LABEL.key}=${AGENT_LABEL.value}`,
    ...(component === undefined ? [] : [`${COMPONENT_LABEL}=${component}`]),
  ]
  return new URLSearchParams({labelSelector: labels.join(',')}).toString()
}
