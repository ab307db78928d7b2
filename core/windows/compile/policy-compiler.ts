import type {PolicyCompiler, PolicyRules} from '../../dataplane/policy-compiler.ts'
import {type DeviationCode, deviationCodes} from '../../policy/deviations.ts'
import {aclSettings} from '../hns/print.ts'
import {aclIdOf} from '../npm/acl-id.ts'
import type {ProgramAcl, WindowsPolicy, WindowsProgram} from '../npm/program.ts'
import {windowsPolicyOf} from '../npm/windows-policy.ts'
import {compile, compileSets, WindowsIncrementalProgram} from './compile.ts'
import {printHns} from './print.ts'

const directions = ['Ingress', 'Egress'] as const
const directionOf = ({direction}: ProgramAcl) => (direction === 'In' ? 'Ingress' : 'Egress')

/** The rules of a policy by direction. All stand in the list of an endpoint, which has no name of the policy but its id. */
const partsOf = ({policy, acls}: WindowsPolicy) => {
  const all = [...acls]
  return directions.flatMap(direction => {
    const own = all.filter(acl => directionOf(acl) === direction)
    return own.length > 0 ? [{direction, chain: aclIdOf(policy), own}] : []
  })
}

const setsIn = (acls: readonly ProgramAcl[]): Set<string> =>
  new Set(acls.flatMap(({localAddresses, remoteAddresses}) => (localAddresses ?? remoteAddresses ?? '').split(',')).filter(isId))
const isId = (item: string): boolean => item.startsWith('azure-npm-')

/** Of negations, exceptions and ports with names, all of which are refused here, and of texts of iptables. */
const NOT_PROGRAMMED: ReadonlySet<string> = new Set<DeviationCode>([
  'NAMESPACE_NOT_IN',
  'NEGATIVE_ONLY',
  'IPV6_EXCEPT',
  'BLOCK_OF_EXCEPT',
  'LONG_COMMENT',
  'SIDECAR_PORT',
  'SHARED_CHAIN',
])

/** Compiles policies into sets and access rules of HNS, as Azure NPM on Windows does. */
export const windowsPolicyCompiler: PolicyCompiler = {
  compile,
  deviations: new Set(deviationCodes.filter(code => !NOT_PROGRAMMED.has(code))),
  compileSets,
  incrementalProgram: options => new WindowsIncrementalProgram(options),
  rulesOfPolicies: ({policies}: WindowsProgram): PolicyRules[] =>
    policies.map(policy => ({
      policy: policy.policy,
      parts: partsOf(policy).map(({direction, chain, own}) => ({direction, chain, rules: own.length, sets: setsIn(own).size})),
    })),
  programText: ({policies}: WindowsProgram) => ({
    jump: null,
    baseChains: [],
    policies: policies.map(policy => ({
      policy: policy.policy,
      chains: partsOf(policy).map(({direction, chain, own}) => ({
        direction,
        chain,
        rules: own.map(acl => JSON.stringify(aclSettings(acl))),
      })),
      sets: [...policy.sets],
    })),
  }),
  formats: ['hns'],
  restoreLines: program => printHns(program as WindowsProgram),
  translate: windowsPolicyOf,
  countRules: ({acls}: WindowsPolicy) => acls.length + 1,
  // HNS has no limit that is known.
  mostMembers: () => Number.POSITIVE_INFINITY,
  cutDescriptions: () => new Map(),
}
