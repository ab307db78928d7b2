import type {NodeCounters} from '../../dataplane/rule-counters.ts'
import type {HnsEndpoint} from '../hns/model.ts'
import {isNpmAclId, isPolicyAclId} from './acl-id.ts'

/** The rules of Azure NPM on a node, as far as others have counters for theirs: HNS counts nothing. */
export function uncountedRules(endpoints: readonly HnsEndpoint[]): NodeCounters {
  const rules: string[] = []
  const drops: number[] = []
  const policies = new Set<string>()
  for (const {name, id: endpoint, acls} of endpoints)
    for (const {position: _, rest: __, ...acl} of acls) {
      if (!isNpmAclId(acl.id)) continue
      if (acl.action === 'Block') drops.push(rules.length)
      if (acl.id !== undefined && isPolicyAclId(acl.id)) policies.add(acl.id)
      rules.push(`${name || endpoint} ${JSON.stringify(acl)}`)
    }
  return {
    counters: {
      structure: {rules, jump: null, drops, policies: policies.size, isActive: policies.size > 0},
      packets: new Float64Array(rules.length),
      bytes: new Float64Array(rules.length),
      hasCounters: false,
      otherRules: 0,
    },
    numberOf: () => undefined,
    jumpTo: () => null,
  }
}
