import {AGENT_STATE_DIR} from '../../core/contract/agent.ts'
import {flagWords} from '../../core/text/shell-word.ts'

/** The flag that means this machine, as it is to be typed again. */
export function localFlag(stateDir: string): string {
  if (stateDir === AGENT_STATE_DIR) return '--local'
  return `--local ${flagWords('--state-dir', stateDir)}`
}

const COMMAND = /kubectl npm (apply|rollback|confirm|diff|dump|flows denied)(?: --local)?(?![\w-])(?![^.:;]*--(?:node|local)\b)/g
/** Verbs that know no folder of a writer. */
const READING = new Set(['diff', 'dump', 'flows denied'])

/**
 * A failure with commands that mean the node of which it tells. Who writes there does not know from where it was asked.
 *
 * @param flags which nodes are meant
 */
export function forTarget<Failure extends {readonly next: string}>(
  failure: Failure,
  node: string,
  flags: {readonly local: boolean; readonly 'state-dir': string},
): Failure {
  const remote = flagWords('--node', node)
  const [reading, writing] = flags.local ? ['--local', localFlag(flags['state-dir'])] : [remote, remote]
  const next = failure.next.replaceAll(
    COMMAND,
    (_, verb: string) => `kubectl npm ${verb} ${READING.has(verb) ? reading : writing}`,
  )
  return {...failure, next}
}
