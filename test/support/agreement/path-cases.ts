/** Rules, and where packets come out. */
export interface PathCase {
  readonly name: string
  /** For `ipset restore`. */
  readonly sets?: string
  /** For `iptables-restore`. */
  readonly rules: string
  /** Rules of the other back end. */
  readonly beside?: string
  /** `web -> one tcp/80: one`, or `dropped`. `from node` where the receiver sees another source than the sender's. */
  readonly expected: readonly string[]
  /** What a walk says where it cannot know it all. */
  readonly walked?: readonly string[]
}

const table = (name: string, ...lines: string[]): string => `*${name}\n${lines.join('\n')}\nCOMMIT\n`
const drop = (port: number, chain = 'FORWARD'): string => `-A ${chain} -p tcp -m tcp --dport ${port} -j DROP`

/** kube-proxy's rules for a service with a NodePort, a cluster address and one of a load balancer. */
const service = (more: readonly string[] = []): string =>
  table(
    'nat',
    ':KUBE-SERVICES - -',
    ':KUBE-NODEPORTS - -',
    ':KUBE-EXT - -',
    ':KUBE-SVC - -',
    ':KUBE-SEP - -',
    ':KUBE-MARK-MASQ - -',
    ':KUBE-POSTROUTING - -',
    '-A PREROUTING -j KUBE-SERVICES',
    '-A OUTPUT -j KUBE-SERVICES',
    '-A POSTROUTING -j KUBE-POSTROUTING',
    '-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000',
    '-A KUBE-SERVICES -d 10.0.0.7/32 -p tcp -m tcp --dport 80 -j KUBE-SVC',
    '-A KUBE-SERVICES -d 198.51.100.20/32 -p tcp -m tcp --dport 80 -j KUBE-EXT',
    '-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS',
    '-A KUBE-NODEPORTS -p tcp -m tcp --dport 30080 -j KUBE-EXT',
    '-A KUBE-EXT -j KUBE-MARK-MASQ',
    '-A KUBE-EXT -j KUBE-SVC',
    ...more,
    '-A KUBE-SVC -j KUBE-SEP',
    '-A KUBE-SEP -s 10.60.0.2/32 -j KUBE-MARK-MASQ',
    '-A KUBE-SEP -p tcp -m tcp -j DNAT --to-destination 10.60.0.2:8080',
    '-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN',
    '-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000',
    '-A KUBE-POSTROUTING -j MASQUERADE --random-fully',
  )

const acceptMarked = '-A FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT'

export const pathCases: readonly PathCase[] = [
  {
    name: 'a rule that adds a packet to a set changes what later rules ask of it',
    sets: 'create knocked hash:ip\ncreate knockers list:set\nadd knockers knocked\n',
    rules: table(
      'filter',
      ':FORWARD ACCEPT',
      '-A FORWARD -p 253 -j ACCEPT',
      '-A FORWARD -p tcp -m tcp --dport 1 -j SET --add-set knocked src',
      '-A FORWARD -p tcp -m tcp --dport 2 -j SET --add-set knocked dst',
      '-A FORWARD -p tcp -m tcp --dport 3 -m set --match-set knockers src -j ACCEPT',
      '-A FORWARD -m set --match-set knockers src -j DROP',
    ),
    expected: ['one -> two tcp/4: two', 'web -> one tcp/1: dropped', 'one -> two tcp/2: two', 'one -> web tcp/4: web'],
    walked: ['one -> two tcp/4: two', 'web -> one tcp/1: unknown', 'one -> two tcp/2: unknown', 'one -> web tcp/4: web'],
  },
  {
    name: 'a rule that takes a packet from a set does so, too',
    sets: 'create open hash:ip\nadd open 10.60.0.1\nadd open 10.60.0.2\n',
    rules: table(
      'filter',
      ':FORWARD DROP',
      '-A FORWARD -p 253 -j ACCEPT',
      '-A FORWARD -p tcp -m tcp --dport 1 -j SET --del-set open src',
      '-A FORWARD -m set ! --match-set open src --return-nomatch -j DROP',
      '-A FORWARD -j ACCEPT',
    ),
    expected: ['one -> two tcp/4: two', 'two -> one tcp/4: dropped', 'web -> one tcp/1: dropped'],
    walked: ['one -> two tcp/4: two', 'two -> one tcp/4: dropped', 'web -> one tcp/1: unknown'],
  },
  {
    name: 'goto from a built-in chain ends in that chain’s policy',
    rules: table(
      'filter',
      ':FORWARD DROP',
      ':ZONE - -',
      '-A FORWARD -p 253 -j ACCEPT',
      '-A FORWARD -g ZONE',
      '-A FORWARD -j ACCEPT',
      '-A ZONE -p tcp -m tcp --dport 1 -j ACCEPT',
    ),
    expected: ['web -> one tcp/1: one', 'web -> one tcp/2: dropped', 'world -> one tcp/2: dropped'],
  },
  {
    name: 'gotos in chains go back to whoever jumped last',
    rules: table(
      'filter',
      ...['A', 'B', 'C', 'D'].map(name => `:${name} - -`),
      '-A FORWARD -p tcp -m tcp --dport 1:9 -j A',
      drop(1),
      drop(2),
      '-A FORWARD -p tcp -j MARK --set-mark 1',
      '-A FORWARD -p tcp -m mark --mark 1 -m tcp --dport 5 -g D',
      drop(5),
      '-A A -p tcp -m tcp --dport 1 -g B',
      '-A A -p tcp -m tcp --dport 2 -j B',
      '-A A -p tcp -m tcp --dport 1:2 -j ACCEPT',
      drop(3, 'A'),
      '-A B -g C',
      '-A B -j DROP',
      '-A C -p udp -j DROP',
      '-A D -p udp -j DROP',
    ),
    expected: [
      'web -> one tcp/1: dropped',
      'web -> one tcp/2: one',
      'web -> one tcp/3: dropped',
      'web -> one tcp/4: one',
      'web -> one tcp/5: one',
    ],
  },
  {
    name: 'raw takes packets out of connection tracking: no state but UNTRACKED, and no translation',
    rules: [
      table(
        'raw',
        '-A PREROUTING -p tcp -m tcp --dport 81 -j CT --notrack',
        '-A PREROUTING -d 10.0.0.7/32 -p tcp -m tcp --sport 1000 -j CT --notrack',
      ),
      service(),
      table(
        'filter',
        '-A FORWARD -p tcp -m tcp --dport 80:90 -m conntrack --ctstate NEW -j DROP',
        '-A FORWARD -p tcp -m tcp --dport 82 -m conntrack ! --ctstate UNTRACKED -j DROP',
      ),
    ].join(''),
    expected: [
      'web -> one tcp/80: dropped',
      'web -> one tcp/81: one',
      'web -> 10.0.0.7 tcp/80: one',
      'web -> 10.0.0.7 tcp/81: world',
    ],
  },
  {
    name: 'what comes to a NodePort or a load balancer is translated before it is routed, and masqueraded behind FORWARD',
    rules: service() + table('filter', acceptMarked, drop(8080)),
    expected: [
      'world -> node tcp/30080: one from node',
      'world -> 198.51.100.20 tcp/80: one from node',
      'web -> node tcp/30080: one from node',
      'world -> one tcp/8080: dropped',
      'web -> 10.0.0.7 tcp/80: dropped',
      'world -> node tcp/30081: node',
    ],
  },
  {
    name: 'a pod that reaches itself by its service leaves and comes back, masqueraded',
    rules: service() + table('filter', drop(8080)),
    expected: ['one -> 10.0.0.7 tcp/80: dropped', 'one -> one tcp/8080: dropped'],
  },
  {
    name: 'and passes FORWARD by its mark',
    rules: service() + table('filter', acceptMarked, drop(8080)),
    expected: ['one -> 10.0.0.7 tcp/80: one from node', 'two -> 10.0.0.7 tcp/80: dropped'],
  },
  {
    name: 'what the node sends goes through OUTPUT, translated there, and never through FORWARD',
    rules:
      service() +
      table('filter', '-A FORWARD -p tcp -j DROP', drop(9, 'OUTPUT'), drop(8080, 'INPUT')) +
      table('mangle', drop(10, 'OUTPUT'), drop(11, 'POSTROUTING')),
    expected: [
      'node -> one tcp/1: one',
      'node -> one tcp/9: dropped',
      'node -> one tcp/10: dropped',
      'node -> one tcp/11: dropped',
      'node -> 10.0.0.7 tcp/80: one',
      'node -> node tcp/30080: one',
      'node -> world tcp/443: world',
    ],
  },
  {
    name: 'what the node receives goes through INPUT, with its own tables',
    rules:
      table('filter', '-A FORWARD -p tcp -j DROP', drop(9, 'INPUT')) +
      table('mangle', drop(10, 'INPUT'), drop(11, 'PREROUTING'), drop(12, 'FORWARD')) +
      table('security', drop(13, 'INPUT'), drop(14, 'FORWARD')),
    expected: [
      'web -> node tcp/1: node',
      ...[9, 10, 11].map(port => `web -> node tcp/${port}: dropped`),
      'web -> node tcp/12: node',
      'web -> node tcp/13: dropped',
      'web -> node tcp/14: node',
      'web -> one tcp/14: dropped',
    ],
  },
  {
    name: 'what the node sends to itself goes out and in by the loopback interface',
    rules: table(
      'filter',
      '-A INPUT -i lo -p tcp -m tcp --dport 1 -j DROP',
      '-A OUTPUT -o lo -p tcp -m tcp --dport 2 -j DROP',
      '-A INPUT ! -i lo -p tcp -m tcp --dport 3 -j DROP',
      '-A OUTPUT ! -o lo -p tcp -m tcp --dport 4 -j DROP',
    ),
    expected: [
      'node -> node tcp/1: dropped',
      'node -> node tcp/2: dropped',
      'node -> node tcp/3: node',
      'node -> node tcp/4: node',
      'web -> node tcp/1: node',
      'web -> node tcp/3: dropped',
      'node -> web tcp/2: web',
      'node -> web tcp/4: dropped',
    ],
  },
  {
    name: 'DNAT to a port alone, to a range of ports that is shifted, and to a range of addresses',
    rules:
      table(
        'nat',
        '-A PREROUTING -d 10.0.0.1/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.60.0.2',
        '-A PREROUTING -d 10.60.0.3/32 -p tcp -m tcp --dport 81 -j DNAT --to-destination :9',
        '-A PREROUTING -d 10.0.0.2/32 -p tcp -m tcp --dport 1000:1010 -j DNAT --to-destination 10.60.0.2:5000-5010/1000',
        '-A PREROUTING -d 10.0.0.3/32 -p tcp -j DNAT --to-destination 10.60.0.3-10.60.0.3:70-75 --random --persistent',
        '-A PREROUTING -d 10.0.0.4/32 -p tcp -j DNAT --to-destination 10.60.0.2:7-9 --random',
      ) + table('filter', drop(9), drop(5003), '-A FORWARD -p tcp -m tcp --dport 70:75 -j DROP'),
    expected: [
      'web -> 10.0.0.1 tcp/80: one',
      'web -> two tcp/81: dropped',
      'web -> 10.0.0.2 tcp/1002: one',
      'web -> 10.0.0.2 tcp/1003: dropped',
      'web -> 10.0.0.3 tcp/9999: dropped',
    ],
  },
  {
    name: 'SNAT, NETMAP and REDIRECT',
    rules:
      table(
        'nat',
        '-A PREROUTING -d 10.1.0.0/24 -j NETMAP --to 10.60.0.0/24',
        '-A OUTPUT -d 10.0.0.9/32 -p tcp -j REDIRECT --to-ports 99',
        '-A POSTROUTING -s 10.60.0.3/32 -p tcp -m tcp --dport 7 -j SNAT --to-source 203.0.113.9',
        '-A POSTROUTING -s 10.60.0.3/32 -d 10.60.0.0/24 -p tcp -m tcp --dport 8 -j RETURN',
        '-A POSTROUTING -s 10.60.0.3/32 -p tcp -j MASQUERADE',
        '-A INPUT -p tcp -m tcp --dport 12 -j SNAT --to-source 203.0.113.9',
      ) + table('filter', '-A INPUT -s 203.0.113.9/32 -p tcp -m tcp --dport 12 -j DROP', drop(98, 'INPUT')),
    expected: [
      'web -> 10.1.0.2 tcp/1: one',
      'two -> one tcp/7: one from world',
      'two -> one tcp/8: one',
      'two -> one tcp/9: one from node',
      'two -> node tcp/12: node from world',
      'node -> 10.0.0.9 tcp/98: node',
    ],
  },
  {
    name: 'the mark of a new connection is 0, and is what rules have saved in it',
    rules: table(
      'mangle',
      '-A FORWARD -p tcp -m tcp --dport 1 -j MARK --set-xmark 0xff/0xffffffff',
      '-A FORWARD -p tcp -m tcp --dport 1 -j CONNMARK --restore-mark --nfmask 0x0f --ctmask 0xffffffff',
      '-A FORWARD -p tcp -m tcp --dport 1 -m mark --mark 0xf0 -j DROP',
      '-A FORWARD -p tcp -m tcp --dport 2 -j CONNMARK --set-xmark 0x33/0xff',
      '-A FORWARD -p tcp -m tcp --dport 2 -j MARK --set-xmark 0xf0/0xff',
      '-A FORWARD -p tcp -m tcp --dport 2 -j CONNMARK --restore-mark --nfmask 0xff --ctmask 0x0f',
      '-A FORWARD -p tcp -m tcp --dport 2 -m mark --mark 0x3 -j DROP',
      '-A FORWARD -p tcp -m tcp --dport 3 -j MARK --set-xmark 0xab/0xffffffff',
      '-A FORWARD -p tcp -m tcp --dport 3 -j CONNMARK --save-mark --nfmask 0x0f --ctmask 0xffffffff',
      '-A FORWARD -p tcp -m tcp --dport 3 -j MARK --set-xmark 0x0/0xffffffff',
      '-A FORWARD -p tcp -m tcp --dport 3 -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff',
      '-A FORWARD -p tcp -m tcp --dport 3 -m mark --mark 0xb -j DROP',
    ),
    expected: ['web -> one tcp/1: dropped', 'web -> one tcp/2: dropped', 'web -> one tcp/3: dropped', 'web -> one tcp/4: one'],
  },
  {
    name: 'a packet must pass the rules of both back ends',
    rules: table('filter', drop(1), '-A FORWARD -j ACCEPT'),
    beside: table('filter', drop(2), drop(3, 'INPUT'), '-A FORWARD -j ACCEPT'),
    expected: [
      'web -> one tcp/1: dropped',
      'web -> one tcp/2: dropped',
      'web -> one tcp/3: one',
      'web -> node tcp/3: dropped',
      'web -> node tcp/2: node',
    ],
  },
  {
    name: 'of both back ends: marks and translations of one are seen by the hooks of the other',
    rules:
      table('mangle', '-A PREROUTING -p tcp -m tcp --dport 1 -j MARK --set-mark 1') +
      table('filter', '-A FORWARD -p tcp -m tcp --dport 8080 -j DROP'),
    beside: service() + table('filter', '-A FORWARD -m mark --mark 1 -j DROP'),
    expected: [
      'web -> one tcp/1: dropped',
      'web -> 10.0.0.7 tcp/80: dropped',
      'world -> node tcp/30080: dropped',
      'web -> one tcp/2: one',
    ],
  },
  {
    name: 'of both back ends: which is first in one chain no save tells; here it is the one that was used last',
    rules: table('mangle', '-A FORWARD -p tcp -m mark --mark 2 -j DROP', '-A FORWARD -p tcp -m tcp --dport 1 -j ACCEPT'),
    beside: table('mangle', '-A FORWARD -p tcp -m tcp --dport 1:2 -j MARK --set-mark 2'),
    expected: ['web -> one tcp/1: dropped', 'web -> one tcp/2: dropped', 'web -> one tcp/3: one'],
    walked: ['web -> one tcp/1: unknown', 'web -> one tcp/2: unknown', 'web -> one tcp/3: one'],
  },
  {
    name: 'of both back ends: and here, too, though it is the other one',
    rules: table('mangle', '-A FORWARD -p tcp -m tcp --dport 1:2 -j MARK --set-mark 2'),
    beside: table('mangle', '-A FORWARD -p tcp -m mark --mark 2 -j DROP'),
    expected: ['web -> one tcp/1: one', 'web -> one tcp/3: one'],
    walked: ['web -> one tcp/1: unknown', 'web -> one tcp/3: one'],
  },
]
