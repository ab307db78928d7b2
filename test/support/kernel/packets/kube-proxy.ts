/** A Service with one or more pods behind it, as kube-proxy turns it into rules. */
export interface Service {
  /** `namespace/name:port` */
  readonly name: string
  readonly address: string
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  readonly port: number
  readonly backends: readonly {readonly address: string; readonly port: number}[]
  /** Traffic from anywhere gets the masquerade mark, as that to node ports and load balancers does. */
  readonly isMasqueraded?: boolean
}

/**
 * What kubelet and kube-proxy have on a node before Azure NPM starts, whole tables for `iptables-restore`: the chain by
 * which Azure NPM chooses its back end, and FORWARD with the rule behind which it puts its jump.
 */
export const kubeProxyRules = (services: readonly Service[] = []): string => `*mangle
:KUBE-IPTABLES-HINT - -
:KUBE-KUBELET-CANARY - -
:KUBE-PROXY-CANARY - -
COMMIT
${natTable(services)}*filter
:KUBE-EXTERNAL-SERVICES - -
:KUBE-FIREWALL - -
:KUBE-FORWARD - -
:KUBE-PROXY-FIREWALL - -
:KUBE-SERVICES - -
-A INPUT -j KUBE-FIREWALL
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A OUTPUT -j KUBE-FIREWALL
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
`

function natTable(services: readonly Service[]): string {
  const chains: string[] = []
  const rules: string[] = []
  for (const [index, service] of services.entries()) addService(service, `KUBE-SVC-${index}`, chains, rules)
  return `*nat
:KUBE-MARK-MASQ - -
:KUBE-POSTROUTING - -
:KUBE-SERVICES - -
${chains.map(chain => `:${chain} - -\n`).join('')}-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
${rules.map(rule => `${rule}\n`).join('')}COMMIT
`
}

function addService(service: Service, chain: string, chains: string[], rules: string[]): void {
  const {name, address, protocol, port, backends, isMasqueraded} = service
  const portal = `-d ${address}/32 -p ${protocol} -m comment --comment "${name} cluster IP" -m ${protocol} --dport ${port}`
  chains.push(chain)
  rules.push(`-A KUBE-SERVICES ${portal} -j ${chain}`)
  if (isMasqueraded) rules.push(`-A ${chain} ${portal} -j KUBE-MARK-MASQ`)
  for (const [index, backend] of backends.entries()) {
    const target = `${backend.address}:${backend.port}`
    const end = `${chain}-SEP-${index}`
    const left = backends.length - index
    const share = left === 1 ? '' : ` -m statistic --mode random --probability ${1 / left}`
    chains.push(end)
    rules.push(
      `-A ${chain} -m comment --comment "${name} -> ${target}"${share} -j ${end}`,
      `-A ${end} -s ${backend.address}/32 -m comment --comment "${name}" -j KUBE-MARK-MASQ`,
      `-A ${end} -p ${protocol} -m comment --comment "${name}" -m ${protocol} -j DNAT --to-destination ${target}`,
    )
  }
}
