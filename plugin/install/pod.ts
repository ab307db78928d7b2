import {AGENT_LABEL} from '../../core/contract/agent-label.ts'
import {COMPONENT_LABEL, type KubernetesObject} from './objects.ts'

export interface Pod extends KubernetesObject {
  readonly spec: {readonly nodeName?: string}
  readonly status?: PodStatus
}

export interface PodStatus {
  readonly phase?: string
  readonly reason?: string
  readonly message?: string
  readonly startTime?: string
  readonly conditions?: readonly {
    readonly type: string
    readonly status: string
    readonly reason?: string
    readonly message?: string
  }[]
  readonly containerStatuses?: readonly ContainerStatus[]
}

export interface ContainerStatus {
  readonly name: string
  readonly ready: boolean
  readonly restartCount: number
  readonly image?: string
  readonly state?: ContainerState
  readonly lastState?: ContainerState
}

interface ContainerState {
  readonly waiting?: {readonly reason?: string; readonly message?: string}
  readonly terminated?: {readonly reason?: string; readonly exitCode?: number; readonly message?: string}
}

/** Selects agents' pods, of one component or of all. */
export function agentSelector(component?: 'daemon' | 'ephemeral'): string {
  const labels = [
    `${AGENT_LABEL.key}=${AGENT_LABEL.value}`,
    ...(component === undefined ? [] : [`${COMPONENT_LABEL}=${component}`]),
  ]
  return new URLSearchParams({labelSelector: labels.join(',')}).toString()
}
