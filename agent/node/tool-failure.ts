import type {Problem} from '../../core/problem/problem.ts'
import type {ToolEnding} from './tool-ending.ts'

/** Why a tool was stopped: its time was over, its caller left, it printed too much, it took memory that the agent needs. */
export type StopReason = 'timeout' | 'interrupted' | 'output' | 'memory'

/** How a process came to its end. */
export interface Ending {
  readonly stoppedBy?: StopReason
  /** The process that is still there although it was killed. */
  readonly heldProcess?: number | undefined
  readonly signal?: string | undefined
  readonly exitCode?: number | undefined
  readonly originalMessage?: string | undefined
}

/** Of the legacy back end: another program holds the xtables lock. Source: iptables, `RESOURCE_PROBLEM`. */
const RESOURCE_PROBLEM = 4
const TOO_LARGE = 'it took the memory that the agent needs itself'
const UNSTOPPABLE = 'could not be stopped'
/** Said by ipset and by iptables alike. */
const TOO_OLD = /Kernel and userspace incompatible/

/** What went wrong with a tool, in a sentence. */
export function failureOf(command: string, ending: Ending, stderr: string, bounds: {timeoutMs: number; bytes: number}): string {
  const because = stderr === '' ? '' : `: ${stderr}`
  const stopped =
    ending.heldProcess === undefined ? 'was stopped' : `${UNSTOPPABLE}: process ${ending.heldProcess} is still there`
  if (ending.stoppedBy === 'timeout') return `it did not end within ${bounds.timeoutMs / 1000} s and ${stopped}${because}`
  if (ending.stoppedBy === 'interrupted') return ending.heldProcess === undefined ? 'it was interrupted' : `it ${stopped}`
  if (ending.stoppedBy === 'output') return `it printed more than ${bounds.bytes} bytes and ${stopped}`
  if (ending.stoppedBy === 'memory') return `${TOO_LARGE} and ${stopped}`
  if (ending.signal !== undefined) return `it was ended by ${ending.signal}${because}`
  if (ending.exitCode === undefined) return `it could not be started: ${ending.originalMessage ?? 'unknown reason'}`
  if (TOO_OLD.test(stderr)) return `it is older than what a newer program put into the kernel, and cannot read it${because}`
  if (ending.exitCode === RESOURCE_PROBLEM && command.includes('legacy'))
    return `another program holds the xtables lock, or the kernel lacks memory${because}`
  return `it ended with exit code ${ending.exitCode}${because}`
}

const PACKAGES: Readonly<Record<string, string>> = {ipset: 'ipset', conntrack: 'conntrack'}

/** A tool that did not end well, as a problem of the dump. */
export function toolProblem({command, end, failure}: ToolEnding): Problem {
  const [tool = ''] = command.split(' ')
  return {code: 'TOOL_FAILED', message: `${command}: ${failure}`, next: nextOf(command, tool, end, failure)}
}

function nextOf(command: string, tool: string, end: ToolEnding['end'], failure: string): string {
  if (end === 'missing')
    return `Install it (Debian: apt-get install ${PACKAGES[tool] ?? 'iptables'}), or take the dump elsewhere and read it with --from.`
  if (TOO_OLD.test(failure)) return `Read the node with a newer ${tool}: the host's own, or a newer image of the agent.`
  if (failure.includes(UNSTOPPABLE))
    return `The kernel does not let it end; until then no other ${tool} is started. See where it waits: ps -o pid,stat,wchan:30,args -C ${tool}. The node may need a restart.`
  if (failure.includes(TOO_LARGE))
    return 'Give the agent more memory: resources.limits.memory of its pod. Or run the same verb on the node itself, with --local.'
  if (failure.includes('xtables lock')) return 'Try again. If it stays so, find who holds it: fuser -v /run/xtables.lock'
  return `What it would have told is unknown. Run it by hand to see more: ${command}`
}
