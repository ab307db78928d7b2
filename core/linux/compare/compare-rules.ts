import type {Difference} from '../../drift/difference.ts'
import {policyChain} from '../../names/kernel-name.ts'
import {forwardRules, programChains} from '../compile/program-chains.ts'
import type {Rule} from '../iptables/model.ts'
import type {NpmChains} from '../npm/chains.ts'
import {NPM_CHAIN} from '../npm/chains.ts'
import {placeOf} from '../npm/place-of.ts'
import type {LinuxProgram, ProgramRule} from '../npm/program.ts'
import {hasComment, isSameRule, ruleKey, ruleText} from './canonical.ts'

/** Compares Azure NPM's chains of a node with a program: base chains, policy chains, and the jump from FORWARD. */
export function compareRules(program: LinuxProgram, chains: NpmChains): {differences: Difference[]; notes: string[]} {
  const differences: Difference[] = []
  const notes: string[] = []
  const expected = programChains(program)
  for (const [chain, rules] of expected) {
    if (!chains.has(chain)) differences.push(missingChain(chain, rules))
    else differences.push(...compareChain(chain, rules, chains.rules(chain)))
  }
  for (const chain of chains.names) {
    if (expected.has(chain)) continue
    if (chains.isEmpty(chain)) notes.push(`chain ${chain} is empty and no rule leads there: Azure NPM removes it later`)
    else differences.push(extraChain(chain, chains.rules(chain)))
  }
  differences.push(...compareJump(program, chains))
  return {differences, notes}
}

/** Whose a chain is; base chains hold the jumps of many. */
function ownerOf(chain: string, rules: readonly ProgramRule[]): {policy?: string} {
  const policy = policyChain(chain) ? rules.find(rule => rule.policy !== undefined)?.policy : undefined
  return policy === undefined ? {} : {policy}
}

function missingChain(chain: string, rules: readonly ProgramRule[]): Difference {
  const item = {
    kind: 'chain' as const,
    change: 'missing' as const,
    name: chain,
    ...ownerOf(chain, rules),
    expected: `${rules.length} rules`,
  }
  return {item, rules, apply: ({chains}) => chains.set(chain, [])}
}

function extraChain(chain: string, rules: readonly Rule[]): Difference {
  // Whether anything leads there is told by the rule that does; by itself a chain does nothing.
  return {item: {kind: 'chain', change: 'extra', name: chain, found: `${rules.length} rules`}}
}

/** A rule's place in the answer: the jump that selects a policy's pods, or any other rule. */
const kindOf = ({chain, target}: Pick<Rule | ProgramRule, 'chain' | 'target'>): 'jump' | 'rule' => {
  const leadsTo = target?.kind === 'jump' ? target.chain : target?.kind === 'extension' ? target.name : ''
  return chain.startsWith(NPM_CHAIN) && policyChain(leadsTo) !== undefined ? 'jump' : 'rule'
}

/**
 * Whether a rule's place among its like means nothing: a jump to a policy's chain; in NPM v1 every rule of a policy, for all
 * of one chain set marks, or all drop.
 */
const isFree = (rule: ProgramRule): boolean =>
  kindOf(rule) === 'jump' || (rule.policy !== undefined && policyChain(rule.chain) === undefined)

/**
 * Compares the rules of one chain. Free ones may stand in any order, as long as all are on the right side of the rules that
 * look at the marks; everything else has its place.
 */
function compareChain(chain: string, expected: readonly ProgramRule[], found: readonly Rule[]): Difference[] {
  if (found.length === expected.length && found.every((rule, at) => isSameRule(rule, expected[at] as ProgramRule))) return []
  const differences: Difference[] = []
  const left = new Map<string, Rule[]>()
  for (const rule of found) {
    const key = ruleKey(rule)
    const equal = left.get(key)
    if (equal) equal.push(rule)
    else left.set(key, [rule])
  }
  const kept: {wanted: ProgramRule; real: Rule}[] = []
  for (const wanted of expected) {
    const real = left.get(ruleKey(wanted))?.shift()
    if (real) kept.push({wanted, real})
    else differences.push(missingRule(wanted))
  }
  const extra = [...left.values()].flat()
  for (const rule of extra) differences.push(extraRule(rule, ownerOf(chain, expected), found))
  for (const {wanted, real} of kept) if (!hasComment(real, wanted)) differences.push(changedComment(wanted, real))
  const isMisplaced = !inOrder(kept)
  if (isMisplaced) differences.push(changedOrder(chain, kept, expected))
  return differences
}

function missingRule(wanted: ProgramRule): Difference {
  const {chain, policy} = wanted
  const key = ruleKey(wanted)
  const item = {
    kind: kindOf(wanted),
    change: 'missing' as const,
    name: chain,
    ...(policy !== undefined && {policy}),
    expected: ruleText(wanted),
  }
  return {
    item,
    rules: [wanted],
    apply: ({chains}) => {
      const rules = [...(chains.get(chain) ?? [])]
      const at = rules.findIndex(rule => ruleKey(rule) === key)
      if (at >= 0) rules.splice(at, 1)
      chains.set(chain, rules)
    },
  }
}

function extraRule(rule: Rule, owner: {policy?: string}, found: readonly Rule[]): Difference {
  const {chain} = rule
  const behind = found.slice(0, rule.position - 1).map(ruleKey)
  const item = {
    kind: kindOf(rule),
    change: 'extra' as const,
    name: chain,
    ...owner,
    found: ruleText(rule),
    where: placeOf(rule),
  }
  return {
    item,
    rules: [rule],
    apply: ({chains}) => {
      const rules = [...(chains.get(chain) ?? [])]
      // Its place is behind the last of the program's rules that stand before it on the node.
      let at = 0
      for (const [index, each] of rules.entries()) if (behind.includes(ruleKey(each))) at = index + 1
      rules.splice(at, 0, rule)
      chains.set(chain, rules)
    },
  }
}

function changedComment(wanted: ProgramRule, real: Rule): Difference {
  const {chain, policy} = wanted
  const common = {kind: kindOf(wanted), change: 'changed' as const, name: chain, ...(policy !== undefined && {policy})}
  return {item: {...common, expected: ruleText(wanted), found: ruleText(real), where: placeOf(real)}}
}

/** Whether rules stand in the order asked for, where it matters. */
function inOrder(kept: readonly {wanted: ProgramRule; real: Rule}[]): boolean {
  let last = 0
  let lastFree = 0
  for (const {wanted, real} of kept) {
    if (isFree(wanted)) {
      lastFree = Math.max(lastFree, real.position)
      if (real.position < last) return false
      continue
    }
    if (real.position < last || real.position < lastFree) return false
    last = real.position
  }
  return true
}

function changedOrder(
  chain: string,
  kept: readonly {wanted: ProgramRule; real: Rule}[],
  expected: readonly ProgramRule[],
): Difference {
  const real = kept.map(each => each.real).toSorted((a, b) => a.position - b.position)
  const item = {
    kind: 'rule' as const,
    change: 'changed' as const,
    name: chain,
    ...ownerOf(chain, expected),
    expected: 'the rules in another order',
    found: real.map(ruleText).join(' / '),
  }
  return {item, rules: real, apply: ({chains}) => chains.set(chain, real)}
}

/**
 * The jump from FORWARD: first, or directly behind the first rule that leads to KUBE-SERVICES. Both are settings of Azure NPM.
 * NPM v1 leaves it anywhere behind that rule.
 */
function compareJump(program: LinuxProgram, chains: NpmChains): Difference[] {
  const forward = chains.rules('FORWARD')
  const [wanted] = forwardRules(program)
  const found = forward.filter(({target}) => target?.kind === 'jump' && target.chain === NPM_CHAIN)
  const [jump] = found
  if (!jump) {
    if (!chains.isComplete || !wanted) return []
    const item = {kind: 'jump' as const, change: 'missing' as const, name: 'FORWARD', expected: ruleText(wanted)}
    return [{item, rules: [wanted], apply: overlay => overlay.chains.set('FORWARD', [])}]
  }
  const differences: Difference[] = found.slice(wanted ? 1 : 0).map(extra => ({
    item: {kind: 'jump', change: 'extra', name: 'FORWARD', found: ruleText(extra), where: placeOf(extra)},
  }))
  if (!wanted) return differences
  if (ruleKey(jump) !== ruleKey(wanted)) {
    const item = {
      kind: 'jump' as const,
      change: 'changed' as const,
      name: 'FORWARD',
      expected: ruleText(wanted),
      found: ruleText(jump),
      where: placeOf(jump),
    }
    differences.push({item, rules: [wanted], apply: overlay => overlay.chains.set('FORWARD', [jump])})
  }
  const services = forward.findIndex(rule => ruleText(rule).includes('KUBE-SERVICES'))
  const behindServices = services < 0 ? 1 : services + 2
  const isBehind = program.options.generation === 'v1' ? jump.position >= behindServices : jump.position === behindServices
  if (jump.position !== 1 && !isBehind) {
    const item = {
      kind: 'jump' as const,
      change: 'changed' as const,
      name: 'FORWARD',
      expected: `position ${behindServices === 1 ? '1' : `${behindServices}, or 1 with PlaceAzureChainFirst`}`,
      found: `position ${jump.position}`,
      where: placeOf(jump),
    }
    differences.push({item, rules: [wanted], apply: overlay => overlay.chains.set('FORWARD', forward)})
  }
  return differences
}
