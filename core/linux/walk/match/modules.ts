import {addrtype, iprange, policy, rpfilter} from './addresses.ts'
import {type Condition, type ModuleReader, UNKNOWN} from './condition.ts'
import {connmark, conntrack, mark, recent, state} from './connection.ts'
import {readOptions} from './options.ts'
import {cgroup, length, nfacct, owner, pkttype, set, statistic} from './others.ts'
import {dccp, fragment, icmp, multiport, otherProtocol, sctp, tcp, udp, udplite} from './ports.ts'

/** The matches that are modelled, by the name after `-m`. Whether any other holds is unknown. */
const READERS: Readonly<Record<string, ModuleReader>> = {
  addrtype,
  ah: otherProtocol('ah'),
  cgroup,
  connmark,
  conntrack,
  dccp,
  esp: otherProtocol('esp'),
  icmp,
  iprange,
  length,
  mark,
  multiport,
  nfacct,
  owner,
  pkttype,
  policy,
  recent,
  rpfilter,
  sctp,
  set,
  state,
  statistic,
  tcp,
  udp,
  udplite,
}

/** The names of the matches that are modelled, all of them or some of their options. */
export const modelledModules: readonly string[] = Object.keys(READERS)

/**
 * Compiles a match with its options as printed.
 *
 * @param module the name after `-m`; `fragment` for `-f`, and the empty string for damaged text
 */
export function compileMatch(module: string, options: string): Condition {
  if (module === 'fragment') return fragment(options)
  const read = readOptions(options)
  return (read && READERS[module]?.(read)) ?? UNKNOWN
}
