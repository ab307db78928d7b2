/** What a node may have: texts for `ipset restore` and `iptables-restore`. */
export interface WriterState {
  readonly sets: string
  readonly rules: string
}

const HEAD = `create other-app hash:ip family inet
add other-app 10.9.9.9
create azure-npm-1111 hash:net family inet
create azure-npm-2222 hash:net family inet
create azure-npm-3333 hash:ip,port family inet
`

const FOREIGN = `-A INPUT -p tcp -m tcp --dport 22 -m comment --comment "of the node" -j ACCEPT
-A FORWARD -m comment --comment "before" -j KUBE-FORWARD
`

const base = (policies: string, jumps: {ingress: string; egress: string}) => `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:KUBE-FORWARD - [0:0]
:AZURE-NPM - [0:0]
:AZURE-NPM-ACCEPT - [0:0]
:AZURE-NPM-EGRESS - [0:0]
:AZURE-NPM-INGRESS - [0:0]
:AZURE-NPM-INGRESS-ALLOW-MARK - [0:0]
${policies
  .split('\n')
  .flatMap(line => /^-A (\S+)/.exec(line)?.[1] ?? [])
  .filter((chain, index, all) => all.indexOf(chain) === index)
  .map(chain => `:${chain} - [0:0]\n`)
  .join('')}${FOREIGN}-A FORWARD -m conntrack --ctstate NEW -j AZURE-NPM
-A FORWARD -m set --match-set other-app src -m comment --comment "behind" -j ACCEPT
-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
-A AZURE-NPM -j AZURE-NPM-INGRESS
-A AZURE-NPM -j AZURE-NPM-EGRESS
-A AZURE-NPM -j AZURE-NPM-ACCEPT
-A AZURE-NPM-ACCEPT -j ACCEPT
${jumps.egress}-A AZURE-NPM-EGRESS -m mark --mark 0x800/0x800 -m comment --comment "DROP-ON-EGRESS-DROP-MARK-0x800/0x800" -j DROP
-A AZURE-NPM-EGRESS -m mark --mark 0x200/0x200 -m comment --comment "ACCEPT-ON-INGRESS-ALLOW-MARK-0x200/0x200" -j AZURE-NPM-ACCEPT
${jumps.ingress}-A AZURE-NPM-INGRESS -m mark --mark 0x400/0x400 -m comment --comment "DROP-ON-INGRESS-DROP-MARK-0x400/0x400" -j DROP
-A AZURE-NPM-INGRESS-ALLOW-MARK -m comment --comment "SET-INGRESS-ALLOW-MARK-0x200/0x200" -j MARK --set-xmark 0x200/0x200
-A AZURE-NPM-INGRESS-ALLOW-MARK -j AZURE-NPM-EGRESS
${policies}COMMIT
`

/** Two policies in force. */
export const stateA: WriterState = {
  sets: `${HEAD}add azure-npm-1111 10.1.0.1
add azure-npm-1111 10.1.0.2
add azure-npm-2222 10.2.0.1
add azure-npm-3333 10.1.0.1,tcp:80
`,
  rules: base(
    `-A AZURE-NPM-INGRESS-100 -p tcp -m set --match-set azure-npm-2222 src -m tcp --dport 80 -m comment --comment "ALLOW-FROM-podlabel-app:b-ON-TCP-TO-PORT-80" -j AZURE-NPM-INGRESS-ALLOW-MARK
-A AZURE-NPM-INGRESS-100 -m comment --comment DROP-ALL -j MARK --set-xmark 0x400/0x400
-A AZURE-NPM-EGRESS-200 -m set --match-set azure-npm-3333 dst,dst -m comment --comment "ALLOW-ALL-TO-namedport:web" -j AZURE-NPM-ACCEPT
-A AZURE-NPM-EGRESS-200 -m comment --comment DROP-ALL -j MARK --set-xmark 0x800/0x800
`,
    {
      ingress: '-A AZURE-NPM-INGRESS -m set --match-set azure-npm-1111 dst -j AZURE-NPM-INGRESS-100\n',
      egress: '-A AZURE-NPM-EGRESS -m set --match-set azure-npm-2222 src -j AZURE-NPM-EGRESS-200\n',
    },
  ),
}

/** One of them changed, one gone, one new; members come and go in sets that are in use; a set is new. */
export const stateB: WriterState = {
  sets: `${HEAD}create azure-npm-4444 list:set size 8
add azure-npm-1111 10.1.0.2
add azure-npm-1111 10.1.0.3
add azure-npm-1111 10.1.0.4
add azure-npm-2222 10.2.0.2
add azure-npm-2222 10.2.0.3
add azure-npm-3333 10.1.0.3,tcp:80
add azure-npm-4444 azure-npm-1111
add azure-npm-4444 azure-npm-2222
`,
  rules: base(
    `-A AZURE-NPM-INGRESS-100 -p tcp -m set --match-set azure-npm-4444 src -m tcp --dport 443 -m comment --comment "ALLOW-FROM-nestedlabel-x:app:a:b-ON-TCP-TO-PORT-443" -j AZURE-NPM-INGRESS-ALLOW-MARK
-A AZURE-NPM-INGRESS-100 -m comment --comment DROP-ALL -j MARK --set-xmark 0x400/0x400
-A AZURE-NPM-INGRESS-300 -m set --match-set azure-npm-3333 dst,dst -m comment --comment "ALLOW-ALL-TO-namedport:web" -j AZURE-NPM-INGRESS-ALLOW-MARK
-A AZURE-NPM-INGRESS-300 -m comment --comment DROP-ALL -j MARK --set-xmark 0x400/0x400
`,
    {
      ingress:
        '-A AZURE-NPM-INGRESS -m set --match-set azure-npm-2222 dst -j AZURE-NPM-INGRESS-300\n' +
        '-A AZURE-NPM-INGRESS -m set --match-set azure-npm-1111 dst -j AZURE-NPM-INGRESS-100\n',
      egress: '',
    },
  ),
}
