import {describe, expect, test} from 'vitest'
import {emptyCluster} from '../../../../core/kubernetes/objects.ts'
import {parseIpsetSave} from '../../../../core/linux/ipset/parse-save.ts'
import {indexIptablesSave} from '../../../../core/linux/iptables/save-index.ts'
import {SavedChains} from '../../../../core/linux/iptables/saved-chains.ts'
import {hostOf} from '../../../../core/linux/walk/host.ts'
import {savedRules, savedSets} from '../../../../core/linux/walk/node-rules.ts'
import {walk} from '../../../../core/linux/walk/walk.ts'
import type {Packet} from '../../../../core/net/packet.ts'

/* Conditions in whole walks: what a rule with one of them does to a packet from a pod to another at tcp/8080, or to a variation of it. */

const [mill, wheel, node, stranger] = ['10.60.0.10', '10.60.0.20', '10.77.0.1', '198.18.0.1'] as const
const usual: Packet = {source: mill, destination: wheel, protocol: 'tcp', port: 8080}

const cluster = {
  ...emptyCluster(),
  pods: [mill, wheel].map((podIP, at) => ({
    metadata: {name: `pod-${at}`, namespace: 'mill'},
    spec: {nodeName: 'n1', containers: []},
    status: {podIP, phase: 'Running'},
  })),
  nodes: [{metadata: {name: 'n1'}, status: {addresses: [{type: 'InternalIP', address: node}]}}],
}

interface Case {
  readonly name: string
  /** Conditions of a rule of FORWARD that drops, or whole rules of filter or nat. */
  readonly rules: string | readonly string[]
  readonly nat?: readonly string[]
  readonly sets?: readonly string[]
  readonly packet?: Partial<Packet>
  readonly verdict: 'accept' | 'drop' | 'unknown'
}

function run({rules, nat = [], sets = [], packet = {}}: Case) {
  const lines = typeof rules === 'string' ? [`-A FORWARD ${rules} -j DROP`] : rules
  const table = (name: string, chain: string, own: readonly string[]) => [
    `*${name}`,
    `:${chain} ACCEPT [0:0]`,
    ...new Set(own.flatMap(rule => [...rule.matchAll(/-(?:A|j) ([A-Z]\d)\b/g)].map(([, found]) => `:${found} - [0:0]`))),
    ...own,
    'COMMIT',
  ]
  const text = [...table('nat', 'PREROUTING', nat), ...table('filter', 'FORWARD', lines), ''].join('\n')
  const walked = savedRules(new SavedChains(indexIptablesSave([text])))
  const read = new Map(parseIpsetSave([sets.map(line => `${line}\n`).join('')]).sets.map(set => [set.name, set]))
  const host = hostOf({node: 'n1', cluster}, walked)
  return walk(walked, savedSets({hasMembers: true, sets: read}), {...usual, ...packet}, {host})
}

const named = ['create named hash:ip,port family inet', `add named ${wheel},tcp:8080`]

describe.each<Case>([
  {name: 'fewer directions than the set has dimensions', rules: '-m set --match-set named dst', sets: named, verdict: 'accept'},
  {name: 'the same, negated', rules: '-m set ! --match-set named dst', sets: named, verdict: 'drop'},
  {name: 'more directions', rules: '-m set --match-set named dst,dst,src', sets: named, verdict: 'drop'},
  {
    name: 'fewer directions than the member of a list has',
    rules: '-m set --match-set list dst',
    sets: [...named, 'create list list:set size 8', 'add list named'],
    verdict: 'accept',
  },
  {
    name: 'a set with a netmask',
    rules: '-m set --match-set wide dst',
    sets: ['create wide hash:ip family inet netmask 24', 'add wide 10.60.0.0'],
    verdict: 'drop',
  },
  {
    name: 'a set with a bitmask, as ipset prints it',
    rules: '-m set --match-set odd dst',
    sets: ['create odd hash:ip family inet bitmask 0.0.0.255/89', 'add odd 0.0.0.20'],
    verdict: 'drop',
  },
  {
    name: 'a mask that cannot be read',
    rules: '-m set --match-set odd dst',
    sets: ['create odd hash:ip family inet netmask x', 'add odd 10.60.0.0'],
    verdict: 'unknown',
  },
  {
    name: 'a set of IPv6 in a list',
    rules: '-m set --match-set list dst',
    sets: ['create six hash:net family inet6', 'add six fd00::/8', 'create list list:set size 8', 'add list six'],
    verdict: 'accept',
  },
  {
    name: 'a bitmap of ports',
    rules: '-m set --match-set ports dst',
    sets: ['create ports bitmap:port range 0-65535', 'add ports 8080'],
    verdict: 'drop',
  },
  {
    name: 'blocks with ports',
    rules: '-m set --match-set blocks dst,dst',
    sets: ['create blocks hash:net,port family inet', 'add blocks 10.60.0.0/24,tcp:8080'],
    verdict: 'drop',
  },
  {
    name: 'pairs of blocks, of which the longest first one decides',
    rules: '-m set --match-set pairs src,dst',
    sets: [
      'create pairs hash:net,net family inet',
      'add pairs 10.60.0.0/16,10.60.0.0/24',
      'add pairs 10.60.0.0/24,10.60.0.0/16 nomatch',
    ],
    verdict: 'accept',
  },
  {
    name: 'blocks, a port and blocks',
    rules: '-m set --match-set trios src,dst,dst',
    sets: ['create trios hash:net,port,net family inet', 'add trios 10.60.0.0/24,tcp:8080,10.60.0.16/28'],
    verdict: 'drop',
  },
  {
    name: 'an address and a mark',
    rules: '-m set --match-set marks src,src',
    sets: ['create marks hash:ip,mark family inet markmask 0xff00', `add marks ${mill},0x400`],
    packet: {mark: 0x4ab},
    verdict: 'drop',
  },
  {
    name: 'an address and another mark',
    rules: '-m set --match-set marks src,src',
    sets: ['create marks hash:ip,mark family inet markmask 0xff00', `add marks ${mill},0x400`],
    verdict: 'accept',
  },
  {
    name: 'a hardware address',
    rules: '-m set --match-set macs src',
    sets: ['create macs hash:mac', 'add macs 02:00:00:00:00:01'],
    verdict: 'unknown',
  },
  {
    name: 'a hardware address at another IP address',
    rules: '-m set --match-set macs dst,dst',
    sets: ['create macs hash:ip,mac family inet', `add macs ${mill},02:00:00:00:00:01`],
    verdict: 'accept',
  },
  {
    name: 'a type of set that nobody knows',
    rules: '-m set --match-set new dst',
    sets: ['create new hash:new family inet', `add new ${wheel}`],
    verdict: 'unknown',
  },
  {
    name: 'counters of a member',
    rules: '-m set --match-set named dst,dst --packets-gt 3',
    sets: named,
    verdict: 'unknown',
  },
  {
    name: 'counters of what is no member',
    rules: '-m set --match-set named src,src --packets-gt 3',
    sets: named,
    packet: {sourcePort: 8080},
    verdict: 'accept',
  },
  {name: 'a range of addresses', rules: '-m iprange --dst-range 10.60.0.15-10.60.0.25', verdict: 'drop'},
  {name: 'a port of either end', rules: '-p tcp -m multiport --ports 8080', verdict: 'drop'},
  {name: 'a port of either end, of which one is not known', rules: '-p tcp -m multiport --ports 9090', verdict: 'unknown'},
  {name: 'the address of a pod is not local', rules: '-m addrtype --dst-type LOCAL', verdict: 'accept'},
  {
    name: 'nor is it before the packet is routed',
    rules: ['-A FORWARD -m mark --mark 0x1 -j DROP'],
    nat: ['-A PREROUTING -m addrtype ! --dst-type LOCAL -j MARK --set-xmark 0x1/0xffffffff'],
    verdict: 'drop',
  },
  {
    name: 'an address that nobody knows may be local before the packet is routed',
    rules: ['-A FORWARD -m mark --mark 0x1 -j DROP'],
    nat: ['-A PREROUTING -m addrtype ! --dst-type LOCAL -j MARK --set-xmark 0x1/0xffffffff'],
    packet: {destination: '10.1.2.3'},
    verdict: 'unknown',
  },
  {
    name: 'but not when it is forwarded',
    rules: '-m addrtype --dst-type LOCAL',
    packet: {destination: '10.1.2.3'},
    verdict: 'accept',
  },
  {
    name: 'who comes from elsewhere is not local',
    rules: '-m addrtype --src-type LOCAL',
    packet: {source: stranger},
    verdict: 'accept',
  },
  {
    name: 'session affinity: to whichever end an earlier packet went',
    rules: ['-A FORWARD -d 10.60.0.20/31 -p tcp -m tcp --dport 8080 -j DROP'],
    nat: [
      '-A PREROUTING -d 10.0.0.9/32 -p tcp -m tcp --dport 80 -j S0',
      '-A S0 -m recent --rcheck --seconds 10800 --reap --name E1 --mask 255.255.255.255 --rsource -j E1',
      '-A S0 -m recent --rcheck --seconds 10800 --reap --name E2 --mask 255.255.255.255 --rsource -j E2',
      '-A S0 -m statistic --mode random --probability 0.50000000000 -j E1',
      '-A S0 -j E2',
      `-A E1 -p tcp -m recent --set --name E1 --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination ${wheel}:8080`,
      '-A E2 -p tcp -m recent --set --name E2 --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.60.0.21:8080',
    ],
    packet: {destination: '10.0.0.9', port: 80},
    verdict: 'drop',
  },
  {name: 'what a first packet of TCP has', rules: '-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN', verdict: 'drop'},
  {
    name: 'what a later packet of TCP has',
    rules: '-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN',
    packet: {state: 'ESTABLISHED'},
    verdict: 'unknown',
  },
  {
    name: 'the address before translation',
    rules: `-m conntrack --ctorigdst 10.0.0.9`,
    nat: [`-A PREROUTING -d 10.0.0.9/32 -j DNAT --to-destination ${wheel}`],
    packet: {destination: '10.0.0.9'},
    verdict: 'drop',
  },
  {name: 'the mark of a new connection', rules: '-m connmark --mark 0x0', verdict: 'drop'},
  {name: 'the mark of an older one', rules: '-m connmark --mark 0x0', packet: {state: 'ESTABLISHED'}, verdict: 'unknown'},
  {name: 'IPsec between pods', rules: '-m policy --dir in --pol ipsec', verdict: 'accept'},
  {name: 'IPsec with a stranger', rules: '-m policy --dir in --pol ipsec', packet: {source: stranger}, verdict: 'unknown'},
  {
    name: 'an interface behind which other addresses are',
    rules: '-i docker0 ! -o docker0',
    nat: ['-A PREROUTING -j RETURN', ':POSTROUTING ACCEPT [0:0]', '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE'],
    verdict: 'accept',
  },
  {name: 'an interface of which nothing is known', rules: '-i docker0 ! -o docker0', verdict: 'unknown'},
  {name: 'an option in a spelling of old', rules: '-p tcp -m multiport --dports ! 80', verdict: 'unknown'},
  {
    name: 'an option that is not modelled beside one that does not hold',
    rules: '-m conntrack --ctexpire 1:9 --ctproto 17',
    verdict: 'accept',
  },
  {
    name: 'an option that is not modelled beside one that holds',
    rules: '-m conntrack --ctexpire 1:9 --ctproto 6',
    verdict: 'unknown',
  },
  {name: 'a mask that is no prefix', rules: '-d 10.0.0.20/255.0.0.255', verdict: 'drop'},
])('$name', case_ => {
  test(`is ${case_.verdict}`, () => {
    const {verdict, reason} = run(case_)
    expect({verdict, reason}).toMatchObject({verdict: case_.verdict})
  })
})
