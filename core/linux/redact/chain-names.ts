import type {Scheme} from '../../names/hash.ts'
import type {ChainNames} from '../../renaming/chain-names.ts'
import {directionChains, FORWARD_CHAIN, NPM_CHAIN, npmBaseChains, SERVICES_CHAIN} from '../npm/chain-names.ts'
import {chainOfDigest, policyChain, policyDigest} from '../npm/policy-chain.ts'

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

/** The parts of other chains' names that say nothing of a cluster; hashes of names, or names, follow them. */
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

/** The likelier scheme of a digest. Ten decimal digits fit both, but hardly any digest in base 36 has decimal digits only. */
const schemeOf = (digest: string): Scheme => (/^\d{1,10}$/.test(digest) && Number(digest) <= 0xffffffff ? 'fnv32a' : 'sha256')

/** The names of chains and targets on Linux nodes, for redaction. */
export const linuxChainNames: ChainNames = {
  isOnEveryNode: name => KEPT_CHAINS.has(name) || TARGETS.has(name),
  headOf: name => CHAIN_HEAD.exec(name)?.[0] ?? '',
  prefixes: [NPM_CHAIN, 'KUBE', 'CNI', 'cali'],
  policyChains: {
    isHashed: true,
    digestOf: policyDigest,
    print: chainOfDigest,
    parse: chain => {
      const direction = policyChain(chain)?.direction
      if (direction === undefined) return undefined
      const digest = chain.slice(chain.lastIndexOf('-') + 1)
      return {direction, digest, scheme: schemeOf(digest)}
    },
  },
}
