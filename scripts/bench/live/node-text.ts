export const SETS = 500
const MEMBERS = 40
const RULES = 8

export const memberOf = (set: number, member: number): string => `10.${Math.floor(set / 250)}.${set % 250}.${member}`

/** Rules and sets of a node as Azure NPM shapes them, nine rules and a jump to a policy, for the tools that restore them. */
export function nodeText(policies: number): {readonly rules: string; readonly sets: string} {
  const sets: string[] = []
  for (let set = 0; set < SETS; set++) {
    sets.push(`create azure-npm-${set} hash:net family inet maxelem 65536`)
    for (let member = 0; member < MEMBERS; member++) sets.push(`add azure-npm-${set} ${memberOf(set, member)}`)
  }
  const chainOf = (policy: number) => `AZURE-NPM-INGRESS-${1_000_000_000 + policy}`
  const numbers = Array.from({length: policies}, (_, policy) => policy)
  const rules = [
    '*filter',
    ':FORWARD ACCEPT [0:0]',
    ...['', '-ACCEPT', '-INGRESS', '-INGRESS-ALLOW-MARK', '-EGRESS'].map(chain => `:AZURE-NPM${chain} - [0:0]`),
    ...numbers.map(policy => `:${chainOf(policy)} - [0:0]`),
    '-A FORWARD -m conntrack --ctstate NEW -j AZURE-NPM',
    ...['INGRESS', 'EGRESS', 'ACCEPT'].map(chain => `-A AZURE-NPM -j AZURE-NPM-${chain}`),
    '-A AZURE-NPM-ACCEPT -j ACCEPT',
    ...numbers.map(
      policy =>
        `-A AZURE-NPM-INGRESS -m set --match-set azure-npm-${policy % SETS} dst -m comment --comment "INGRESS-POLICY-shop/p${policy}-TO-podlabel-app:web-AND-ns-shop-IN-ns-shop" -j ${chainOf(policy)}`,
    ),
    '-A AZURE-NPM-INGRESS -m mark --mark 0x400/0x400 -j DROP',
    ...numbers.flatMap(policy => [
      ...Array.from(
        {length: RULES},
        (_, rule) =>
          `-A ${chainOf(policy)} -p tcp -m tcp --dport ${80 + rule} -m set --match-set azure-npm-${(policy + rule) % SETS} src -m set --match-set azure-npm-${(policy * 3 + rule) % SETS} src -m comment --comment "ALLOW-FROM-podlabel-app:x${rule}-AND-ns-shop-ON-TCP-TO-PORT-${80 + rule}" -j AZURE-NPM-INGRESS-ALLOW-MARK`,
      ),
      `-A ${chainOf(policy)} -m comment --comment DROP-ALL -j MARK --set-xmark 0x400/0x400`,
    ]),
    'COMMIT',
    '',
  ]
  return {rules: rules.join('\n'), sets: `${sets.join('\n')}\n`}
}
