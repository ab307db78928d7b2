import type {Program, ProgramSet} from '../../policy/program.ts'
import {type Match, type Target, WHOLE_MARK} from '../iptables/model.ts'
import {printMark, printMatch, quoted} from '../iptables/print.ts'
import {NPM_CHAIN} from '../npm/chain-names.ts'
import {mostMembers} from '../npm/limits.ts'
import {takenComment} from '../npm/print-comment.ts'
import type {LinuxPolicy, LinuxProgram, ProgramRule} from '../npm/program.ts'
import {activation, bootRules} from './base-chains.ts'

/** Set types as Azure NPM spells them in `ipset restore`. */
const writtenTypes: Readonly<Record<ProgramSet['ipsetType'], string>> = {
  'hash:net': 'nethash',
  'hash:ip,port': 'hash:ip,port',
  'list:set': 'setlist',
}

/** Members in one chunk. One at a time takes twice as long; megabytes at once are reallocated each time. */
const MEMBERS_AT_ONCE = 500

/**
 * Prints a program's sets as Azure NPM writes them for `ipset restore`: first all sets, lists last, then the members.
 *
 * @returns chunks of lines, each without its last line feed; a chunk holds one set or up to `MEMBERS_AT_ONCE` members
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

/** The position of the jump in FORWARD. */
export interface RestoreOptions {
  /** From 1; by default 1. Azure NPM also uses 1 if FORWARD has no jump to KUBE-SERVICES. */
  readonly forwardIndex?: number
}

/**
 * Prints a whole program for `iptables-nft-restore -w 60 -T filter --noflush` or its legacy equivalent: base chains, the jump
 * from FORWARD, and the chains and rules of all policies. Loading it flushes existing chains. Delete an existing jump first,
 * or FORWARD has two.
 *
 * @returns one line at a time, without its line feed
 */
export function* printIptablesRestore(program: LinuxProgram, options: RestoreOptions = {}): Generator<string> {
  if (program.options.generation === 'v1') yield* v1Lines(program, options)
  else yield* v2Lines(program, options)
}

/** NPM v1 runs one command for each rule. One file with the same arguments gives the same rules. */
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

/**
 * Prints the file with which Azure NPM adds the first policies of a node in one batch.
 *
 * @returns one line at a time, without its line feed
 */
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

/** Policies with the same hash share a chain. The file declares it once for each policy, and the first declaration flushes it. */
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

/** Prints a rule as Azure NPM writes it, without `-A CHAIN`: target first. iptables-save prints another order. */
const writtenRule = ({matches, target}: Pick<ProgramRule, 'matches' | 'target'>): string =>
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
      // iptables-restore splits words at blanks. Valid names have none, but objects from a file may.
      return `-m comment --comment ${/[\s"'\\]/.test(text) ? quoted(text) : text}`
    }
    default:
      return printMatch(match)
  }
}
