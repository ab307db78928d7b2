import {Flags} from '@oclif/core'
import {AGENT_STATE_DIR} from '../../core/contract/agent.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {clusterFlags, sourceFlags} from '../flags.ts'

/** Flags that say which nodes are written to. */
export const targetFlags = {
  ...clusterFlags,
  local: Flags.boolean({summary: 'This machine, without an agent (needs root)', default: false, helpGroup: 'NODES'}),
  node: Flags.string({
    summary: 'Which node; may be given several times. By default all that have an agent',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'NAME',
    helpGroup: 'NODES',
  }),
  pod: {...sourceFlags.pod, helpGroup: 'NODES'},
  selector: {...sourceFlags.selector, helpGroup: 'NODES'},
  'state-dir': Flags.string({
    summary: 'Folder of lock, journal and restore points, for --local',
    helpValue: 'FOLDER',
    default: AGENT_STATE_DIR,
    helpGroup: 'NODES',
  }),
}

/** How many nodes are written to at once. */
export const maxParallelFlag = Flags.string({
  summary: 'How many nodes are written to at once',
  helpValue: 'N',
  default: '1',
})

/** @throws InputError when it is no number of nodes */
export function maxParallelOf(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text))
    throw new InputError(`--max-parallel ${text}: not a number of nodes`, 'For example --max-parallel 3')
  return Number(text)
}
