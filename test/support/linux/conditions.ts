/** A condition as it stands in a rule, and what the walk says of it. */
export interface WrittenCondition {
  readonly text: string
  /** The built-in chains in which alone the kernel takes it. */
  readonly only?: readonly ('PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING')[]
  /** Whether it is not modelled, so that the answer is `unknown` whenever it is not false for another reason. */
  readonly isUnknown?: boolean
}

/** Addresses that conditions name: two pods, a machine outside, a service and the node itself. */
export const ends = {
  web: '10.60.0.10',
  db: '10.60.0.20',
  outside: '203.0.113.9',
  service: '10.0.0.77',
  node: '10.77.0.1',
} as const

/** Sets of every type of the kernel that is modelled, for `ipset restore`; those of types that some kernels lack stand apart. */
export const conditionSets = `create ip hash:ip
add ip ${ends.web}
create ip24 hash:ip netmask 24
add ip24 10.60.0.0
create ipbits hash:ip bitmask 0.0.0.255
add ipbits 0.0.0.10
create net hash:net
add net 10.60.0.0/24
add net 10.60.0.16/28 nomatch
add net ${ends.db}
create half hash:net
add half 0.0.0.0/1
create ipport hash:ip,port
add ipport ${ends.db},tcp:80
add ipport ${ends.db},udp:53
add ipport ${ends.db},sctp:7400
add ipport ${ends.db},icmp:echo-request
add ipport ${ends.web},icmp:echo-reply
add ipport ${ends.web},ospf:0
add ipport ${ends.db},gre:0
create ipport24 hash:ip,port netmask 24
add ipport24 10.60.0.0,tcp:80
create ipportip hash:ip,port,ip
add ipportip ${ends.db},tcp:80,${ends.web}
create ipportnet hash:ip,port,net
add ipportnet ${ends.db},tcp:80,10.60.0.0/16
add ipportnet ${ends.db},tcp:443,10.60.0.0/16
add ipportnet ${ends.db},tcp:443,10.60.0.0/28 nomatch
create netport hash:net,port
add netport 10.60.0.0/24,tcp:80
add netport 10.60.0.16/28,tcp:443 nomatch
add netport 10.60.0.0/16,tcp:443
create netiface hash:net,iface
add netiface 192.0.2.0/24,eth0
add netiface ${ends.outside}/32,wire1
create bip bitmap:ip range 10.60.0.0/24
add bip ${ends.web}
create bip28 bitmap:ip range 10.60.0.0/24 netmask 28
add bip28 10.60.0.16
create bipmac bitmap:ip,mac range 10.60.0.0/24
add bipmac ${ends.web}
create bport bitmap:port range 1-1024
add bport 80
add bport 53
create six hash:net family inet6
add six fd00::/8
create sixport hash:ip,port family inet6
add sixport fd00::1,tcp:80
create timed hash:ip timeout 600 counters skbinfo comment
add timed ${ends.web} timeout 600 packets 3 bytes 180 comment "not nomatch"
create empty hash:ip,port
create list list:set
add list ip
add list ipport
add list six
create nets list:set counters
add nets net
`

const inSet = [
  'src',
  'dst',
  'src,src',
  'src,dst',
  'dst,dst',
  'dst,src',
  'dst,dst,src',
  'dst,dst,dst',
  'src,src,dst',
  'dst,dst,dst,src',
]
/** iptables refuses a set of IPv6, but not a list that holds one. */
const sets = [...conditionSets.matchAll(/^create (\S+) (?!.*inet6|bitmap:ip,mac|hash:net,iface)/gm)].map(([, name = '']) => name)

const known = (...texts: readonly string[]): WrittenCondition[] => texts.map(text => ({text}))
const unknown = (...texts: readonly string[]): WrittenCondition[] => texts.map(text => ({text, isUnknown: true}))

/** Conditions in the words of iptables. Each is loaded into real kernels and held to what packets do. */
export const conditions: readonly WrittenCondition[] = [
  ...known(
    '-p tcp',
    '! -p tcp',
    '-p icmp',
    '-p 132',
    '-p esp',
    '! -p 47',
    '-p ospf',
    '! -p ah',
    `-s ${ends.web}`,
    `! -s ${ends.web}`,
    '-d 10.60.0.0/24',
    '! -d 10.60.0.16/28',
    '-s 10.60.0.10/255.0.0.255',
    '! -s 0.0.0.20/0.0.0.255',
    '-i lo',
    '! -i lo',
    '-i +',
    '-o lo',
    '! -o lo',
    '-o +',
    '-f',
    '! -f',
    '-p tcp -m tcp --dport 80',
    '-p tcp -m tcp ! --dport 1:100',
    '-p tcp -m tcp --sport 1024:',
    '-p udp -m udp --dport 53 --sport 1024:65535',
    '-p sctp -m sctp --dport 7400',
    '-p tcp -m tcp --syn',
    '-p tcp -m tcp ! --syn',
    '-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN',
    '-p tcp -m tcp ! --tcp-flags SYN,ACK SYN',
    '-p tcp -m tcp --tcp-flags ALL NONE',
    '-p tcp -m tcp --tcp-flags ALL SYN',
    '-p tcp -m tcp --tcp-flags ACK ACK --dport 80',
    '-p sctp -m sctp --chunk-types any INIT',
    '-p sctp -m sctp --chunk-types all INIT,DATA',
    '-p sctp -m sctp --chunk-types only INIT,DATA',
    '-p sctp -m sctp ! --chunk-types any DATA',
    '-p icmp -m icmp --icmp-type 8',
    '-p icmp -m icmp --icmp-type 8/0',
    '-p icmp -m icmp --icmp-type 8/1',
    '-p icmp -m icmp --icmp-type any',
    '-p icmp -m icmp ! --icmp-type 8',
    '-p icmp -m icmp --icmp-type 3/4',
    '-p tcp -m multiport --dports 80,443',
    '-p tcp -m multiport ! --dports 80,443',
    '-p tcp -m multiport --dports 1:79,81:1000',
    '-p tcp -m multiport --ports 80',
    '-p tcp -m multiport ! --ports 80',
    '-p udp -m multiport --sports 1024:65535',
    '-p sctp -m multiport --ports 7400:7500',
    '-m iprange --src-range 10.60.0.1-10.60.0.10',
    '-m iprange ! --src-range 10.60.0.1-10.60.0.10',
    '-m iprange --dst-range 10.60.0.11-10.60.0.200',
    '-m iprange --src-range 10.60.0.10-10.60.0.19 ! --dst-range 10.60.0.20-10.60.0.20',
    '-m addrtype --dst-type LOCAL',
    '-m addrtype ! --dst-type LOCAL',
    '-m addrtype --src-type LOCAL',
    '-m addrtype ! --src-type LOCAL',
    '-m addrtype --dst-type UNICAST',
    '-m addrtype --src-type UNICAST,LOCAL --dst-type UNICAST',
    '-m addrtype --dst-type MULTICAST,BROADCAST',
    '-m addrtype ! --dst-type BLACKHOLE,UNREACHABLE',
    '-m conntrack --ctstate NEW',
    '-m conntrack ! --ctstate NEW',
    '-m conntrack --ctstate RELATED,ESTABLISHED',
    '-m conntrack --ctstate INVALID,UNTRACKED',
    '-m conntrack --ctstate DNAT',
    '-m conntrack ! --ctstate DNAT',
    '-m conntrack --ctstate NEW --ctproto 6',
    '-m conntrack --ctproto 17',
    '-m conntrack ! --ctproto 17',
    '-m conntrack --ctdir ORIGINAL',
    '-m conntrack --ctdir REPLY',
    `-m conntrack --ctorigsrc ${ends.web}`,
    `-m conntrack ! --ctorigsrc ${ends.web}`,
    `-m conntrack --ctorigdst ${ends.service}`,
    '-m conntrack --ctorigdst 10.0.0.0/16 --ctorigdstport 80',
    '-p udp -m conntrack --ctorigdstport 53',
    `-m conntrack --ctreplsrc ${ends.db}`,
    `-m conntrack --ctrepldst ${ends.web}`,
    '-p tcp -m conntrack --ctreplsrcport 8080',
    '-m conntrack --ctstatus EXPECTED,ASSURED',
    '-m conntrack ! --ctstatus SEEN_REPLY',
    '-m conntrack --ctstatus CONFIRMED',
    '-m state --state NEW',
    '-m state ! --state ESTABLISHED',
    '-m mark --mark 0x4000/0x4000',
    '-m mark ! --mark 0x4000/0x4000',
    '-m mark --mark 0x0',
    '-m connmark --mark 0x0',
    '-m connmark ! --mark 0x1/0x1',
    '-m connmark --mark 0x1/0x1',
    '-m recent --set --name seen',
    '-m recent ! --set --name other',
    '-m statistic --mode random --probability 1',
    '-m statistic --mode random --probability 0',
    '-m comment --comment "anything at all"',
    '-m length --length 0:65535',
    ...sets.flatMap(set => inSet.map(sides => `-m set --match-set ${set} ${sides}`)),
    ...['ip', 'net', 'ipportip', 'list', 'empty'].map(set => `-m set ! --match-set ${set} dst`),
    '-m set --match-set net dst --return-nomatch',
    '-m set ! --match-set net dst --return-nomatch',
    '-m set --match-set nets dst --return-nomatch',
    '-m set --match-set ip src --return-nomatch',
    '-m set --match-set ipportnet dst,dst,src --return-nomatch',
    '-m set --match-set timed src ! --update-counters',
    '-m set --match-set nets src ! --update-subcounters',
    '-m set --match-set ip src -m set --match-set ipport dst,dst',
    '-m set --match-set bipmac src',
    '-m set --match-set netiface src',
    '-m set ! --match-set netiface dst',
  ),
  ...['--pkt-type unicast', '! --pkt-type unicast', '--pkt-type broadcast'].map(option => ({
    text: `-m pkttype ${option}`,
    only: ['FORWARD'] as const,
  })),
  ...['--dir in --pol none', '--dir in --pol ipsec'].map(options => ({
    text: `-m policy ${options}`,
    only: ['FORWARD'] as const,
  })),
  // Of forwarded packets. Who sends those of the node is not known.
  ...[
    '-m owner --uid-owner 0',
    '-m owner ! --uid-owner 0',
    '-m owner --socket-exists',
    '-m cgroup --cgroup 1',
    '-m cgroup ! --cgroup 1',
  ].map(text => ({text, only: ['POSTROUTING'] as const})),
  {text: '-m rpfilter', only: ['PREROUTING']},
  {text: '-m rpfilter --invert', only: ['PREROUTING']},
  {text: '-m rpfilter --loose --validmark', only: ['PREROUTING']},
  ...['-m mac --mac-source 02:00:00:00:00:01', '-m devgroup --src-group 0x0', '-m physdev --physdev-is-bridged'].map(text => ({
    text,
    only: ['PREROUTING', 'INPUT', 'FORWARD'] as const,
    isUnknown: true,
  })),
  {text: '-m owner --uid-owner 0', only: ['OUTPUT'], isUnknown: true},
  {text: '-m addrtype --dst-type LOCAL --limit-iface-in', only: ['PREROUTING', 'INPUT', 'FORWARD'], isUnknown: true},
  ...unknown(
    '-i wire0',
    '-o wire+',
    '! -o wire2',
    '-m limit --limit 1/sec',
    '-m hashlimit --hashlimit-upto 1/sec --hashlimit-name x',
    '-m connlimit --connlimit-above 1',
    '-m quota --quota 1000000',
    '-m time --timestart 10:00:00 --timestop 11:00:00',
    '-m statistic --mode random --probability 0.5',
    '-m statistic --mode nth --every 3 --packet 0',
    '-m u32 --u32 0x0=0x0',
    '-m string --string a --algo bm',
    '-m length --length 0:100',
    '-m ttl --ttl-gt 3',
    '-m dscp --dscp 0x00',
    '-m tos --tos 0x00/0xff',
    '-m recent --rcheck --name seen --seconds 60',
    '-m recent --update --name seen',
    '-m recent --remove --name seen',
    '-m cpu --cpu 0',
    '-m helper --helper ftp',
    '-m connbytes --connbytes 1 --connbytes-dir both --connbytes-mode packets',
    '-p tcp -m tcp --tcp-option 2',
    '-m set --match-set timed src --packets-gt 2',
    '-m conntrack --ctexpire 1:1000',
    '-m set --match-set bipmac src,src',
    '-m set --match-set netiface src,src',
  ),
]
