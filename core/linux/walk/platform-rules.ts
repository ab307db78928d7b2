import {METADATA_SERVICE, type PlatformService, WIRE_SERVER} from '../../policy/platform-services.ts'
import type {Match, Rule} from '../iptables/model.ts'
import {FORWARD_CHAIN} from '../npm/chain-names.ts'
import type {WalkedRules} from './walked-rules.ts'

/** Where AKS writes the rules that keep pods from services of the platform. Source: AgentBaker, `ensureIMDSRestriction`; dumps of nodes. */
const TABLES = ['mangle', 'filter', 'security']

/** The services of the platform from which a rule of the node keeps all pods. */
export function keptFromPods(rules: WalkedRules): PlatformService[] {
  const all = rules.beside ? [rules, rules.beside] : [rules]
  const forward = all.flatMap(of => TABLES.flatMap(table => of.chain(table, FORWARD_CHAIN)?.rules ?? []))
  return [WIRE_SERVER, METADATA_SERVICE].filter(service => forward.some(rule => keepsFrom(service, rule)))
}

/** Whether a rule drops all packets to a service, and nothing else. */
function keepsFrom({address, port}: PlatformService, {matches, target}: Rule): boolean {
  const isDropped =
    (target?.kind === 'verdict' && target.verdict === 'DROP') || (target?.kind === 'extension' && target.name === 'REJECT')
  if (!isDropped) return false
  const asked = matches.filter(({kind}) => kind !== 'comment')
  const isOfService = (match: Match): boolean => {
    switch (match.kind) {
      case 'protocol':
        return match.protocol === 'tcp' && !match.negated
      case 'address':
        return match.side === 'dst' && !match.negated && (match.block === `${address}/32` || match.block === address)
      case 'ports': {
        const {destination, source} = match
        return !source && destination?.from === port && destination.to === port && !destination.negated
      }
      default:
        return false
    }
  }
  return asked.every(isOfService) && asked.some(({kind}) => kind === 'address') && asked.some(({kind}) => kind === 'ports')
}
