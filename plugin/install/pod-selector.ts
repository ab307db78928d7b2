import {AGENT_LABEL, RELAY_LABEL} from '../../core/contract/pod-labels.ts'
import {COMPONENT_LABEL} from './objects.ts'

/** Query that selects pods of agents or of relays, of one component or of all. */
export function podSelector(of: 'agent' | 'relay', component?: 'daemon' | 'ephemeral'): string {
  const {key, value} = of === 'agent' ? AGENT_LABEL : RELAY_LABEL
  const labels = [`${key}=${value}`, ...(component === undefined ? [] : [`${COMPONENT_LABEL}=${component}`])]
  return new URLSearchParams({labelSelector: labels.join(',')}).toString()
}
