import type {Program, ProgramSet} from '../../policy/program.ts'
import {type Match, type Target, WHOLE_MARK} from '../iptables/model.ts'
import {printMark, printMatch, quoted} from '../iptables/print.ts'
import {NPM_CHAIN} from '../npm/chain-names.ts'
import {mostMembers} from '../npm/limits.ts'
import {takenComment} from '../npm/print-comment.ts'
import type {LinuxPolicy, LinuxProgram, ProgramRule} from '../npm/program.ts'
import {activation, bootRules} from './base-chains.ts'

/** How Azure NPM spells the types of sets when it makes them. */
const writtenTypes: Readonly<Record<ProgramSet['ipsetType'], string>> = {
  'hash:net': 'nethash',
  'hash:ip,port': 'hash:ip,port',
  'list:set': 'setlist',
}

/** Printing them one by one takes twice as long, and texts of megabytes are given new memory each time. */
const MEMBERS_AT_ONCE = 500

/**
 * A program's sets as Azure NPM writes them for `ipset restore`: all sets first, lists behind the others, then the members.
 *
 * @returns lines without their line feeds: those of members by the hundreds
 */
export function* printIpsetRestore({sets}: Pick<Program, 'sets'>): Generator<string> {
  const hashes = [...sets.values()].filter(({ipsetType}) => ipsetType !== 'list:set')
  const lists = [...sets.values()].filter(({ipsetType}) => ipsetType === 'list:set')
  for (const {kernelName, ipsetType, type} of [...hashes, ...lists])
    yield `-N ${kernelName} --exist ${writtenTypes[ipsetType]}${type === 'CIDRBlocks' ? ` maxelem ${mostMembers(type)}` : ''}`
  for (const {kernelName, members} of [...hashes, ...lists]) {
    const between = `\n-A ${kernelName} `
    for (let at = 0; at < members.length; at += MEMBERS_AT_ONCE)
      yield `-A ${kernelName} ${members.slice(at, at + MEMBERS_AT_ONCE).join(between)}`
  }
}

/** Where in FORWARD the jump goes. */
export interface RestoreOptions {
  /** From 1; by default the first rule. Without KUBE-SERVICES in FORWARD Azure NPM takes that too. */
  readonly forwardIndex?: number
}

/**
 * A whole program as `iptables-nft-restore -w 60 -T filter --noflush` and its legacy twin read it: base chains, the jump from
 * FORWARD, chains and rules of all policies. Chains that are there already are flushed by it; a jump that is there already
 * has to be deleted before, or there are two.
 *
 * @returns one line at a time, without its line feed
 */
export function* printIptablesRestore(program: LinuxProgram, options: RestoreOptions = {}): Generator<string> {
  if (program.options.generation === 'v1') yield* v1Lines(program, options)
  else yield* v2Lines(program, options)
}

/** NPM v1 runs a command for each rule. One file of the same words gives the same rules. */
function* v1Lines({baseChains, jump}: LinuxProgram, {forwardIndex = 1}: RestoreOptions): Generator<string> {
  yield '*filter'
  for (const chain of baseChains.keys()) yield `:${chain} - -`
  for (const rules of baseChains.values()) for (const rule of rules) yield `-A ${rule.chain} ${writtenRule(rule)}`
  if (baseChains.size > 0) yield `-I ${jump.chain} ${forwardIndex} ${writtenRule(jump)}`
  yield 'COMMIT'
}

function* v2Lines(program: LinuxProgram, {forwardIndex = 1}: RestoreOptions): Generator<string> {
  const boot = bootRules(program.options.release).chains
  yield '*filter'
  for (const chain of boot.keys()) yield `:${chain} - -`
  yield* chainLines(program.policies)
  for (const rules of boot.values()) for (const rule of rules) yield `-A ${rule.chain} ${writtenRule(rule)}`
  yield `-I ${program.jump.chain} ${forwardIndex} ${writtenRule(program.jump)}`
  if (program.policies.length > 0) yield* activationLines()
  yield* policyLines(program.policies)
  yield 'COMMIT'
}

/** The file by which Azure NPM adds a program's policies, the first of a node, in one batch. */
export function* printPolicyRestore({policies}: LinuxProgram): Generator<string> {
  yield '*filter'
  yield* chainLines(policies)
  if (policies.length > 0) {
    yield `-F ${NPM_CHAIN}`
    yield* activationLines()
  }
  yield* policyLines(policies)
  yield 'COMMIT'
}

/** Policies whose names have one hash have one chain, which is declared once for each: the first time empties it. */
function* chainLines(policies: readonly LinuxPolicy[]): Generator<string> {
  for (const {chains} of policies) for (const {chain} of chains) yield `:${chain} - -`
}

function* activationLines(): Generator<string> {
  for (const rule of activation) yield `-A ${rule.chain} ${writtenRule(rule)}`
}

function* policyLines(policies: readonly LinuxPolicy[]): Generator<string> {
  const counts = new Map<string, number>()
  for (const {chains} of policies) {
    for (const {rules} of chains) for (const rule of rules) yield `-A ${rule.chain} ${writtenRule(rule)}`
    for (const {jump} of chains) {
      const index = (counts.get(jump.chain) ?? 0) + 1
      counts.set(jump.chain, index)
      yield `-I ${jump.chain} ${index} ${writtenRule(jump)}`
    }
  }
}

/** A rule as Azure NPM writes it, from its target on. iptables-save prints the same rule in another order. */
export const writtenRule = ({matches, target}: Pick<ProgramRule, 'matches' | 'target'>): string =>
  [writtenTarget(target), ...matches.map(writtenMatch)].join(' ')

function writtenTarget(target: Target): string {
  switch (target.kind) {
    case 'verdict':
      return `-j ${target.verdict}`
    case 'jump':
      return `-j ${target.chain}`
    case 'mark':
      return `-j MARK --set-mark ${printMark(target.value)}${target.mask === WHOLE_MARK ? '' : `/${printMark(target.mask)}`}`
    case 'extension':
      return `-j ${target.name} ${target.options}`.trimEnd()
  }
}

function writtenMatch(match: Match): string {
  switch (match.kind) {
    case 'protocol':
      return `-p ${match.protocol.toUpperCase()}`
    case 'ports': {
      const {from = 0, to = 0} = match.destination ?? {}
      return to > from ? `--dport ${from}:${to}` : `--dport ${from}`
    }
    case 'comment': {
      const text = takenComment(match.text)
      // iptables-restore parts words at blanks only; names have none, but objects from a file may.
      return `-m comment --comment ${/[\s"'\\]/.test(text) ? quoted(text) : text}`
    }
    default:
      return printMatch(match)
  }
}
