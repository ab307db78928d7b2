import type {DriftCause} from '../contract/drift.ts'
import type {Cause} from '../dataplane/cause.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import {objectKey} from '../kubernetes/objects.ts'
import type {Program} from '../policy/program.ts'
import {shellWord} from '../text/shell-word.ts'

/** What is said of how a cause is mended. */
type RepairHint = NonNullable<DriftCause['repair']>

/** What the hints of one comparison rest on. */
export interface RepairFacts {
  /** The flags that say which node: `--node n1`, `--local`. */
  readonly target: string
  /** In the order in which they are told. */
  readonly causes: readonly Cause[]
  /** Policies of which an old version stays in force, see `keptPolicies`. */
  readonly kept: ReadonlySet<string>
}

/**
 * Policies that Azure NPM refuses as they are now, so that what it programmed of them before stays in force: apply leaves it, as
 * Azure NPM does.
 */
export function keptPolicies({policies, leftOut}: Program, cluster: ClusterObjects): Set<string> {
  const wanted = new Set([...policies, ...leftOut].map(({policy}) => policy))
  return new Set(cluster.policies.map(objectKey).filter(policy => !wanted.has(policy)))
}

/**
 * The command that mends a cause and nothing else, or what to do where `apply` cannot.
 *
 * @param needed positions of causes without whose repair that of this one changes nothing
 */
export function repairHint(at: number, facts: RepairFacts, needed: Iterable<number> = []): RepairHint {
  const {target, causes, kept} = facts
  const cause = causes[at]
  if (!cause || cause.differences.length === 0) return {instead: insteadOf(cause)}
  if (isKept(cause, kept))
    return {
      instead: `change policy ${cause.policy} so that Azure NPM accepts it, see kubectl npm lint: until then its rules of before stay in force`,
    }
  const mended = [at, ...[...needed].filter(other => isMendable(causes[other], kept))]
  return {command: `kubectl npm apply ${target} ${mended.map(each => flagOf(each, causes)).join(' ')}`}
}

const isMendable = (cause: Cause | undefined, kept: ReadonlySet<string>): boolean =>
  cause !== undefined && cause.differences.length > 0 && !isKept(cause, kept)

/** What narrows a repair to one cause: the name of a policy lasts longer than a number. */
function flagOf(at: number, causes: readonly Cause[]): string {
  const {policy} = causes[at] ?? {}
  const isNamed =
    policy !== undefined && shellWord(policy) === policy && causes.filter(each => each.policy === policy).length === 1
  return isNamed ? `--policy ${policy}` : `--cause ${at + 1}`
}

/** Whether a cause is that the rules of a refused policy are there. */
export const isKept = ({kind, policy}: Cause, kept: ReadonlySet<string>): boolean =>
  kind === 'policyLeftOver' && policy !== undefined && kept.has(policy)

function insteadOf(cause: Cause | undefined): string {
  if (cause?.instead !== undefined) return cause.instead
  if (cause?.kind !== 'foreignRule')
    return 'keep what there is for whoever looks into it: kubectl npm dump. Nothing that could be repaired is known'
  const {chain, rule} = (cause.foreign ?? {}) as {readonly chain?: string; readonly rule?: object}
  return rule
    ? 'apply leaves the rules of other programs alone: have the program that wrote it place it behind the jump to AZURE-NPM, or take it away'
    : `apply leaves the policy of ${chain} alone: find out which program set it, which may set it again`
}
