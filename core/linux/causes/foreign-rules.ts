import type {Cause} from '../../dataplane/cause.ts'
import {ruleText} from '../compare/canonical.ts'
import type {Rule} from '../iptables/model.ts'
import {FORWARD_CHAIN, isNpmChain} from '../npm/chain-names.ts'
import {placeOf} from '../npm/place-of.ts'
import {isPassive} from '../walk/target.ts'
import type {Step} from '../walk/trail.ts'
import type {LinuxWalk} from '../walk/walk.ts'
import type {WalkedRules} from '../walk/walked-rules.ts'

type Backend = NonNullable<Step['backend']>

/** A rule of another program, or, without a rule, the policy of a built-in chain. */
export interface ForeignRule {
  /** Present on nodes with rules of both back ends. */
  readonly backend?: Backend
  readonly table: string
  readonly chain: string
  readonly rule?: Rule
}

export const isForeignRule = (value: object): value is ForeignRule => 'table' in value && 'chain' in value

/**
 * The causes that the rules of other programs on the way of a packet are: those that may have decided about it.
 *
 * @param backend that Azure NPM uses, on nodes with rules of both. What it once wrote into the other is left over
 */
export function foreignCauses({trail, verdict}: LinuxWalk, backend: Backend | undefined): Cause[] {
  return trail
    .filter(step => isForeign(step, backend))
    .map(step => foreignCause(step, verdict === 'unknown' && step === trail.at(-1), backend))
}

const isForeign = ({chain, rule, backend: its}: Step, backend: Backend | undefined): boolean => {
  if (isNpmChain(chain) && its === backend) return false
  return rule ? mayDecide(rule) && !(its !== backend && isLenient(rule)) : true
}

/** A packet must pass both back ends: a rule of one lets it pass the other's in no case. */
const isLenient = ({target}: Rule): boolean =>
  (target?.kind === 'verdict' && target.verdict !== 'DROP') || target?.kind === 'jump'

/** A rule that counts, or leads to a chain whose rules decide, does not decide itself. */
export function mayDecide(rule: Rule): boolean {
  const {target} = rule
  // What stands for rules that were not given is no rule.
  if (!target || (target.kind === 'extension' && target.lost) || isUsual(rule)) return false
  if (target.kind === 'jump') return target.goto && !isNpmChain(target.chain)
  if (target.kind === 'extension' && target.lost) return false
  // Reads no connection, and so ends what judges new ones.
  if (target.kind === 'extension' && target.name === 'CT') return target.options.includes('notrack')
  return !isPassive(target)
}

/**
 * Whether a rule is one of those that kube-proxy writes on every node: for packets of services, of connections that are there
 * already, and of services without endpoints. They decide about no packet that a policy judges.
 */
function isUsual({chain, matches, target}: Rule): boolean {
  if (!chain.startsWith('KUBE-')) return false
  const isOfConnection = matches.some(({kind}) => kind === 'mark' || kind === 'state')
  return isOfConnection || !(target?.kind === 'verdict' && target.verdict === 'ACCEPT')
}

/**
 * The cause that a rule of another program, or the policy of a built-in chain, is.
 *
 * @param own the back end that Azure NPM uses; a rule of the other one is called so
 */
export function foreignCause(
  {table, chain, rule, position, backend}: Omit<Step, 'depth'>,
  isDoubtful: boolean,
  own?: Backend,
): Cause {
  const whose = backend === own ? '' : ` (${backend} rules)`
  const shown = `${table === 'filter' ? chain : `${chain} of table ${table}`}${whose}`
  const foreign = {table, chain, ...(backend && {backend})}
  if (!rule)
    return {
      kind: 'foreignRule',
      text: `the policy of ${shown} is to drop what no rule accepts`,
      differences: [],
      foreign,
    }
  const where = {...(table !== 'filter' && {table}), ...placeOf({chain, position, line: rule.line})}
  const does = isDoubtful ? 'may decide' : DOES[whatItDoes(rule)]
  const text = `rule ${position} of ${shown}, ${isNpmChain(chain) ? 'left over from an Azure NPM that used them' : "which is not Azure NPM's"}, ${does} before Azure NPM judges: ${ruleText(rule)}`
  return {kind: 'foreignRule', text, where, differences: [], foreign: {...foreign, rule}}
}

const DOES = {
  accept: 'accepts packets',
  drop: 'drops packets',
  return: 'lets packets leave the chain',
  mark: 'marks packets',
  set: 'changes a set',
  other: 'changes packets',
} as const

function whatItDoes({target}: Rule): keyof typeof DOES {
  if (target?.kind === 'verdict') return target.verdict === 'DROP' ? 'drop' : target.verdict === 'ACCEPT' ? 'accept' : 'return'
  if (target?.kind === 'extension' && target.name === 'REJECT') return 'drop'
  if (target?.kind === 'mark' || (target?.kind === 'extension' && target.name === 'MARK')) return 'mark'
  if (target?.kind === 'extension' && target.name === 'SET') return 'set'
  return target?.kind === 'jump' ? 'return' : 'other'
}

/** The most rules of other programs that are looked at for packets to try. */
const MOST_RULES = 5000

const HOOKS = [
  ['raw', 'PREROUTING'],
  ['mangle', 'PREROUTING'],
  ['mangle', FORWARD_CHAIN],
  ['filter', FORWARD_CHAIN],
  ['security', FORWARD_CHAIN],
  ['mangle', 'POSTROUTING'],
] as const

/** The rules of other programs that forwarded packets may meet and that may decide, in the order of the chains. */
export function foreignRules(rules: WalkedRules): ForeignRule[] {
  const found: ForeignRule[] = []
  const seen = new Set<string>()
  const visit = (of: WalkedRules, table: string, name: string): void => {
    const key = `${of.backend} ${table} ${name}`
    if ((isNpmChain(name) && of === rules) || seen.has(key)) return
    seen.add(key)
    for (const rule of of.chain(table, name)?.rules ?? []) {
      if (found.length >= MOST_RULES) return
      if (mayDecide(rule) && !(of !== rules && isLenient(rule)))
        found.push({table, chain: name, rule, ...(of.backend && {backend: of.backend})})
      if (rule.target?.kind === 'jump') visit(of, table, rule.target.chain)
    }
  }
  for (const of of [rules, ...(rules.beside ? [rules.beside] : [])]) for (const [table, chain] of HOOKS) visit(of, table, chain)
  return found
}
