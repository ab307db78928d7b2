import type {FixedNames} from '../../renaming/kernel-names.ts'
import {directionChains, FORWARD_CHAIN, NPM_CHAIN, npmBaseChains, SERVICES_CHAIN} from '../npm/chain-names.ts'

/** Chains that Azure NPM, kubelet, kube-proxy and the kernel have on every node. */
const KEPT_CHAINS: ReadonlySet<string> = new Set([
  ...npmBaseChains,
  FORWARD_CHAIN,
  SERVICES_CHAIN,
  ...`
PREROUTING INPUT OUTPUT POSTROUTING KUBE-IPTABLES-HINT
KUBE-KUBELET-CANARY KUBE-PROXY-CANARY KUBE-FIREWALL KUBE-FORWARD KUBE-EXTERNAL-SERVICES
KUBE-PROXY-FIREWALL KUBE-NODEPORTS KUBE-NODE-PORT KUBE-MARK-MASQ KUBE-MARK-DROP KUBE-POSTROUTING
KUBE-LOAD-BALANCER KUBE-SOURCE-RANGES-FIREWALL IP-MASQ-AGENT IP-MASQ SWIFT DOCKER DOCKER-USER
DOCKER-ISOLATION-STAGE-1 DOCKER-ISOLATION-STAGE-2 CNI-FORWARD CNI-ADMIN cali-FORWARD cali-INPUT cali-OUTPUT
cali-PREROUTING cali-POSTROUTING cali-from-wl-dispatch cali-to-wl-dispatch cali-cidr-block cali-nat-outgoing
cali-wl-to-host FLANNEL-FWD FLANNEL-POSTRTG
`
    .trim()
    .split(/\s+/),
])

/** What the names of other chains begin with; behind it stand hashes of names, or names. */
const CHAIN_HEAD = new RegExp(
  `^(?:${Object.values(directionChains).join('-|')}-|${NPM_CHAIN}-|KUBE-(?:SVC|SVL|SEP|FW|XLB|EXT)-|cali-(?:[a-z]{2}-)?|CNI-(?:[A-Z]+-)*)`,
)

/** Targets that are no chains. */
const TARGETS: ReadonlySet<string> = new Set(
  `
ACCEPT DROP RETURN QUEUE REJECT LOG MARK CONNMARK DNAT SNAT MASQUERADE REDIRECT NETMAP NOTRACK CT TCPMSS TOS
DSCP TTL HL TRACE NFLOG ULOG NFQUEUE SET TEE TPROXY CLASSIFY CHECKSUM AUDIT SECMARK CONNSECMARK CLUSTERIP ECN
SYNPROXY TCPOPTSTRIP
`
    .trim()
    .split(/\s+/),
)

/** The names of chains and targets on Linux nodes that stay. */
export const linuxNames: FixedNames = {
  has: name => KEPT_CHAINS.has(name) || TARGETS.has(name),
  headOf: name => CHAIN_HEAD.exec(name)?.[0] ?? '',
}
