import {hasPolicyAddress} from '../../kubernetes/pod-filter.ts'
import type {WalkedSet} from '../../sets/set-index.ts'
import type {LostPart, Match, Rule} from '../iptables/model.ts'
import type {IndexedTable, SaveIndex} from '../iptables/save-model.ts'
import {UNKNOWN_TABLE} from '../iptables/table-index.ts'
import {isKubernetesChain} from '../npm/chain-names.ts'
import type {LinuxDocuments} from '../npm/documents.ts'

const TAKE_RULES = 'Take all rules of the node: iptables-save -c'

/** Where a packet comes last, whichever way it goes. What the legacy back end drops is dropped behind these at the latest. */
const LAST_CHAINS = new Set(['security FORWARD', 'security INPUT', 'security OUTPUT', 'mangle POSTROUTING'])

/** Of the table nat: where only sources are translated, on which no verdict of the node depends. */
const SOURCE_CHAINS = new Set(['INPUT', 'POSTROUTING'])

const fileOf = ({file = 'the input'}: {readonly file?: string}): string => file

/** Chains that show a node of Kubernetes, whose services are rules of the nat table. */
const isOfKubernetes = ({tables}: SaveIndex): boolean =>
  [...tables.values()].some(({chains}) => [...chains.keys()].some(isKubernetesChain))

const hidden = (table: string, save: SaveIndex): LostPart => ({
  part: `table ${table}`,
  state: 'absent',
  reason: `iptables says in ${fileOf(save)} that it cannot show it`,
  next: 'Rules were made there by nft. Look at them on the node: nft list ruleset',
})

/** A table of which something may be missing. */
export const lostTable = ({name, reason = 'it is cut', file = 'the input'}: IndexedTable): LostPart => ({
  part: `table ${name}`,
  state: 'cut',
  reason: `${file}: ${reason}`,
  next: TAKE_RULES,
})

const noFilter = (save: SaveIndex): LostPart => ({
  part: 'table filter',
  state: 'absent',
  reason: save.tables.has(UNKNOWN_TABLE)
    ? `${fileOf(save)} has rules without a "*table" line, and nothing tells their table`
    : `${fileOf(save)} does not have it`,
  next: TAKE_RULES,
})

const OTHER_TABLES = 'other tables'

const moreTables = (save: SaveIndex): LostPart => ({
  part: OTHER_TABLES,
  state: 'cut',
  reason: `${fileOf(save)}: the text ends where a table begins`,
  next: TAKE_RULES,
})

const noNat = (save: SaveIndex): LostPart => ({
  part: 'table nat',
  state: 'absent',
  reason: `${fileOf(save)} does not have it, and the destination may be the address of a service`,
  next: TAKE_RULES,
})

const noLegacy = (save: SaveIndex): LostPart => ({
  part: 'rules of iptables-legacy',
  state: 'absent',
  reason: `${fileOf(save)} says that there are some, and they may drop what the others let pass`,
  next: 'Take them, too: iptables-legacy-save -c',
})

/** Whether a table that a save does not have may exist on its node. */
const mayExist = (table: string, save: SaveIndex): boolean =>
  !save.hasAllTables && !save.tables.has(table) && (table === 'filter' || (table === 'nat' && isOfKubernetes(save)))

/** The parts of a node's rules that are not whole. */
export function lostRules(save: SaveIndex | undefined): LostPart[] {
  return [...lostPolicyRules(save), ...(save && mayExist('nat', save) ? [noNat(save)] : [])]
}

/**
 * The parts of a node's rules that are not whole, as far as policies' rules are concerned: without a table nat that was not given.
 * Azure NPM has nothing there, and between pods no packet passes rules of services.
 */
export function lostPolicyRules(save: SaveIndex | undefined): LostPart[] {
  if (!save) return [{part: 'rules', state: 'absent', reason: 'no output of iptables-save is in the input', next: TAKE_RULES}]
  return [
    ...(mayExist('filter', save) ? [noFilter(save)] : []),
    ...[...save.tables.values()].filter(({name, isComplete}) => !isComplete && name !== UNKNOWN_TABLE).map(lostTable),
    ...[...save.hiddenTables].map(table => hidden(table, save)),
    ...(save.lacksTables ? [moreTables(save)] : []),
    ...(save.warnsOfLegacy ? [noLegacy(save)] : []),
  ]
}

/** The parts that may hold more of Azure NPM's own chains, which stand in no table but filter. */
export const lostNpmRules = (save: SaveIndex | undefined): LostPart[] =>
  lostPolicyRules(save).filter(({part}) => part !== OTHER_TABLES && part !== 'table nat' && part !== 'table mangle')

/** What may stand behind the rules of a chain, or in place of a chain; undefined when nothing is missing. */
export function lostInChain(save: SaveIndex, tableName: string, name: string): LostPart | undefined {
  if (tableName === 'nat' && SOURCE_CHAINS.has(name)) return undefined
  if (save.hiddenTables.has(tableName)) return hidden(tableName, save)
  const table = save.tables.get(tableName)
  if (!table)
    return mayExist(tableName, save)
      ? tableName === 'nat'
        ? noNat(save)
        : noFilter(save)
      : save.lacksTables
        ? moreTables(save)
        : lostLegacy(save, tableName, name)
  const chain = table.chains.get(name)
  if (chain?.cut)
    return {
      part: `chain ${name} of table ${tableName}`,
      state: 'cut',
      reason: `${fileOf(table)}: ${chain.cut.reason}`,
      next: TAKE_RULES,
    }
  return !chain && table.lacksChains ? lostTable(table) : lostLegacy(save, tableName, name)
}

const lostLegacy = (save: SaveIndex, table: string, chain: string): LostPart | undefined =>
  save.warnsOfLegacy && LAST_CHAINS.has(`${table} ${chain}`) ? noLegacy(save) : undefined

/** The name of a set that no kernel has: addresses that belong to no service. */
const NO_SERVICES = ' no services'

/** Addresses of documentation and the future (RFC 5737, RFC 1112), which no service has. */
const RESERVED = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '240.0.0.0/4']

/** Stands in a chain where rules may be missing. In the table nat these concern only what may be the address of a service. */
export function lostRule(table: string, chain: string, position: number, lost: LostPart): Rule {
  const isNat = table === 'nat'
  const matches: Match[] = isNat ? [{kind: 'set', set: NO_SERVICES, sides: 'dst', negated: true}] : []
  return {chain, position, line: 0, source: '', matches, target: {kind: 'extension', name: 'LOST', options: '', lost}}
}

/**
 * The set that rules of the table nat ask when some of them are missing: addresses of pods and nodes, and reserved ones. They are
 * gathered when a walk first asks: a large node has hundreds of thousands of members.
 */
export const noServices = (documents: Partial<LinuxDocuments>): [name: string, set: WalkedSet] => [
  NO_SERVICES,
  {
    type: 'hash:net',
    members: {
      *[Symbol.iterator]() {
        yield* addressesOf(documents)
        yield* RESERVED
      },
    },
  },
]

function addressesOf({cluster, cache, sets}: Partial<LinuxDocuments>): Set<string> {
  const addresses = new Set<string>()
  const add = (address: string | undefined): void => {
    if (address !== undefined && /^[\d.]+$/.test(address)) addresses.add(address)
  }
  for (const pod of [...(cluster?.pods ?? []), ...(cache?.objects.pods ?? [])]) if (hasPolicyAddress(pod)) add(pod.status?.podIP)
  for (const {status} of cluster?.nodes ?? []) for (const {address} of status?.addresses ?? []) add(address)
  // Azure NPM's lists hold sets of pods. Sets of blocks are in no list. A set is in many lists.
  const listed = new Set<string>()
  for (const list of sets?.values() ?? []) if (list.type === 'list:set') for (const {entry} of list.members) listed.add(entry)
  for (const name of listed) for (const {entry} of sets?.get(name)?.members ?? []) add(entry)
  return addresses
}
