import {RELAY_LABEL} from '../../core/contract/pod-labels.ts'
import type {ContainerStatus, Pod} from '../kubernetes/pod.ts'

/** Why a pod of an agent or of a relay is not ready, in one sentence; undefined when it is. */
export function podTrouble({metadata, spec, status = {}}: Pod): string | undefined {
  const what = metadata.labels?.[RELAY_LABEL.key] === RELAY_LABEL.value ? 'relay' : 'agent'
  const where = spec.nodeName === undefined ? `pod ${metadata.name}` : `node ${spec.nodeName}`
  const condition = (type: string) => status.conditions?.find(each => each.type === type)
  if (metadata.deletionTimestamp !== undefined) return `${where}: an older pod is being removed`
  if (condition('Ready')?.status === 'True') return undefined
  const scheduled = condition('PodScheduled')
  if (spec.nodeName === undefined || scheduled?.status === 'False')
    return `${where}: not given to a node yet${scheduled?.message === undefined ? '' : `: ${scheduled.message}`}`
  if (status.phase === 'Failed' || status.phase === 'Succeeded')
    return `${where}: has ended (${[status.reason, status.message].filter(each => each).join(': ') || status.phase})`
  const [container] = status.containerStatuses ?? []
  if (!container) return `${where}: its kubelet has not started it yet`
  return `${where}: ${containerTrouble(container, what)}`
}

function containerTrouble({state = {}, lastState = {}, restartCount, image}: ContainerStatus, what: string): string {
  const {waiting} = state
  if (waiting?.reason !== undefined && /ErrImage|ImagePull|InvalidImageName|RegistryUnavailable/.test(waiting.reason))
    return `the image ${image} cannot be had (${waiting.reason}${waiting.message === undefined ? '' : `: ${waiting.message}`})`
  const ended = state.terminated ?? lastState.terminated
  if (ended && restartCount > 0) {
    const why = [ended.reason, ended.message].filter(each => each).join(': ')
    return `the ${what} ended with exit code ${ended.exitCode}${why === '' ? '' : ` (${why})`} and was started again ${restartCount} time${restartCount === 1 ? '' : 's'}; see kubectl logs --previous`
  }
  if (waiting) return `waiting: ${[waiting.reason, waiting.message].filter(each => each).join(': ')}`
  return `the ${what} runs and is not ready yet`
}
