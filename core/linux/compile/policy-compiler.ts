import type {PolicyCompiler} from '../../dataplane/policy-compiler.ts'
import {deviationCodes} from '../../policy/deviations.ts'
import type {NpmPolicy} from '../../policy/npm-policy-model.ts'
import type {ProgramSets} from '../../policy/program.ts'
import {KEPT_COMMENT_BYTES, LONGEST_WORD_BYTES, mostMembers} from '../npm/limits.ts'
import {linuxPolicyOf} from '../npm/linux-policy.ts'
import {byteLength, jumpComment, peerWords, portWords, type SpellSet} from '../npm/print-comment.ts'
import type {LinuxPolicy, LinuxProgram} from '../npm/program.ts'
import {compile, compileSets, incrementalProgram} from './compile.ts'
import {printIpsetRestore, printIptablesRestore} from './print.ts'
import {programText, rulesOfPolicies} from './program-text.ts'

/** Compiles policies into iptables rules and ipsets, as Azure NPM on Linux does. */
export const linuxPolicyCompiler: PolicyCompiler = {
  compile,
  deviations: new Set(deviationCodes.filter(code => code !== 'INVERTED_NAMESPACES')),
  compileSets,
  incrementalProgram,
  rulesOfPolicies,
  programText,
  formats: ['ipset', 'iptables'],
  restoreLines: (program: LinuxProgram | ProgramSets, format) =>
    format === 'ipset' ? printIpsetRestore(program) : printIptablesRestore(program as LinuxProgram),
  translate: linuxPolicyOf,
  countRules: ({chains}: LinuxPolicy) => chains.reduce((sum, {rules}) => sum + rules.length + 1, 0),
  mostMembers,
  cutDescriptions: cutComments,
}

const spellName: SpellSet = ({set}) => set.name

/**
 * Finds the comments that iptables cuts. A comment that is too long for iptables-restore is a refusal, so it is left out.
 *
 * @returns the length in bytes of the longest such comment, by the field of the policy
 */
function cutComments({policy, target, chains}: NpmPolicy): Map<string, number> {
  const longest = new Map<string, number>()
  const note = (comment: string, field: string): void => {
    const bytes = byteLength(comment)
    if (bytes > KEPT_COMMENT_BYTES && bytes <= LONGEST_WORD_BYTES) longest.set(field, Math.max(longest.get(field) ?? 0, bytes))
  }
  for (const {direction, blocks} of chains) {
    note(jumpComment(policy, direction, target, spellName), 'spec.podSelector')
    for (const {peers, ports} of blocks) {
      // Of each length one: thousands of ports have few.
      const ends = [...new Map(ports.map(port => portWords(port, spellName)).map(words => [byteLength(words), words])).values()]
      for (const peer of peers) {
        const start = peerWords(peer, direction, spellName)
        for (const end of ends) note(start + end, peer.field)
      }
    }
  }
  return longest
}
