import type {Scheme} from '../names/hash.ts'
import {policyChain, policyChainName, setKernelName, setScheme} from '../names/kernel-name.ts'
import type {KeyedHash} from './keyed-hash.ts'
import {type HashedName, renameSet} from './rename-set.ts'
import {type Renamer, renamePolicy} from './renamer.ts'
import {digestOf, type Vocabulary} from './vocabulary.ts'

/** Chains that Azure NPM, kubelet, kube-proxy and the kernel have on every node. */
const KEPT_CHAINS: ReadonlySet<string> = new Set(
  `
PREROUTING INPUT FORWARD OUTPUT POSTROUTING AZURE-NPM AZURE-NPM-ACCEPT AZURE-NPM-INGRESS AZURE-NPM-EGRESS
AZURE-NPM-INGRESS-ALLOW-MARK AZURE-NPM-INGRESS-PORT AZURE-NPM-INGRESS-FROM AZURE-NPM-INGRESS-DROPS
AZURE-NPM-EGRESS-PORT AZURE-NPM-EGRESS-TO AZURE-NPM-EGRESS-DROPS AZURE-NPM-TARGET-SETS KUBE-IPTABLES-HINT
KUBE-KUBELET-CANARY KUBE-PROXY-CANARY KUBE-FIREWALL KUBE-FORWARD KUBE-SERVICES KUBE-EXTERNAL-SERVICES
KUBE-PROXY-FIREWALL KUBE-NODEPORTS KUBE-NODE-PORT KUBE-MARK-MASQ KUBE-MARK-DROP KUBE-POSTROUTING
KUBE-LOAD-BALANCER KUBE-SOURCE-RANGES-FIREWALL IP-MASQ-AGENT IP-MASQ SWIFT DOCKER DOCKER-USER
DOCKER-ISOLATION-STAGE-1 DOCKER-ISOLATION-STAGE-2 CNI-FORWARD CNI-ADMIN cali-FORWARD cali-INPUT cali-OUTPUT
cali-PREROUTING cali-POSTROUTING cali-from-wl-dispatch cali-to-wl-dispatch cali-cidr-block cali-nat-outgoing
cali-wl-to-host FLANNEL-FWD FLANNEL-POSTRTG
`
    .trim()
    .split(/\s+/),
)

/** What the names of other chains begin with; behind it stand hashes of names, or names. */
const CHAIN_HEAD = /^(?:AZURE-NPM-(?:INGRESS-|EGRESS-)?|KUBE-(?:SVC|SVL|SEP|FW|XLB|EXT)-|cali-(?:[a-z]{2}-)?|CNI-(?:[A-Z]+-)*)/

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

/**
 * New names for sets and chains. Where the name that a hash was made of is known, the new one is the hash of the renamed name in the
 * same scheme; any other is the hash of something that nobody knows.
 */
export class KernelNames {
  private readonly memo = new Map<string, string>()
  private readonly renamed = new Map<HashedName, string>()
  private readonly hash: KeyedHash
  private readonly renamer: Renamer
  private readonly vocabulary: Vocabulary

  constructor(hash: KeyedHash, renamer: Renamer, vocabulary: Vocabulary) {
    this.hash = hash
    this.renamer = renamer
    this.vocabulary = vocabulary
  }

  /** All names that are known for a set. */
  namesOf(kernelName: string): readonly HashedName[] {
    return this.vocabulary.sets.get(kernelName) ?? []
  }

  /** A name before it is hashed, renamed. */
  renameSet(name: HashedName): string {
    let renamed = this.renamed.get(name)
    if (renamed === undefined) {
      renamed = renameSet(name, this.renamer, this.vocabulary)
      this.renamed.set(name, renamed)
    }
    return renamed
  }

  /** The new name of a set. Sets of others keep theirs where it tells nothing. */
  set(kernelName: string): string {
    let name = this.memo.get(kernelName)
    if (name === undefined) {
      name = this.newSet(kernelName)
      this.memo.set(kernelName, name)
    }
    return name
  }

  private newSet(kernelName: string): string {
    const scheme = setScheme(kernelName)
    if (scheme === undefined) return this.otherSet(kernelName)
    const [first] = this.namesOf(kernelName)
    return setKernelName(first ? this.renameSet(first) : this.secret(kernelName), scheme)
  }

  private otherSet(name: string): string {
    const [head = ''] = /^(?:azure-npm-|KUBE-|cali\d*|felix-)/.exec(name) ?? []
    // kube-proxy's sets are the same on every node.
    return head === 'KUBE-' ? name : head + this.renamer.word(name.slice(head.length))
  }

  /** The new name of a chain, or of a target that is none. */
  chain(name: string): string {
    if (KEPT_CHAINS.has(name) || TARGETS.has(name)) return name
    let renamed = this.memo.get(name)
    if (renamed === undefined) {
      renamed = this.newChain(name)
      this.memo.set(name, renamed)
    }
    return renamed
  }

  private newChain(name: string): string {
    const shape = policyChain(name)
    if (!shape) {
      const [head = ''] = CHAIN_HEAD.exec(name) ?? []
      return head + this.renamer.word(name.slice(head.length))
    }
    const digest = digestOf(name)
    const [policy] = this.policiesOf(name)
    const text = policy === undefined ? this.secret(digest) : renamePolicy(policy, this.renamer)
    return policyChainName(text, shape.direction, schemeOf(digest))
  }

  /** The policies whose chain it may be, before they are renamed. */
  policiesOf(chain: string): readonly string[] {
    return this.vocabulary.policiesOfDigest.get(digestOf(chain)) ?? []
  }

  private secret(text: string): string {
    return [...this.hash.ofText(`kernel name ${text}`)].join(' ')
  }
}

/** Ten digits may be of either scheme; of base 36 hardly ever. */
const schemeOf = (digest: string): Scheme => (/^\d{1,10}$/.test(digest) && Number(digest) <= 0xffffffff ? 'fnv32a' : 'sha256')
