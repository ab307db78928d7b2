import {describe, expect, test} from 'vitest'
import {emptyCluster, type NetworkPolicy} from '../../../../../core/kubernetes/objects.ts'
import {compile} from '../../../../../core/linux/compile/compile.ts'
import type {LinuxProgram} from '../../../../../core/linux/npm/program.ts'
import type {CompileOptions} from '../../../../../core/policy/program.ts'
import {ruleText} from '../../../../support/linux/compare-programs.ts'

const options: CompileOptions = {scheme: 'fnv32a', semantics: 'npm', generation: 'v1'}

const policy = (spec: NetworkPolicy['spec'], name = 'p'): NetworkPolicy => ({metadata: {name, namespace: 'shop'}, spec})
const compiled = (...specs: NetworkPolicy['spec'][]): LinuxProgram =>
  compile({...emptyCluster(), policies: specs.map((spec, index) => policy(spec, `p${index === 0 ? '' : index}`))}, options)

/** `name type: members`, the members by name too. */
function sets({sets}: LinuxProgram): string[] {
  const nameOf = (member: string): string => sets.get(member)?.name ?? member
  return [...sets.values()]
    .map(({name, ipsetType, members}) => `${name} ${ipsetType} ${members.map(nameOf).join(' ')}`.trim())
    .toSorted()
}

/** The comments of a policy's rules in the order in which they are made, behind the chain without its first part. */
const comments = ({policies}: LinuxProgram): string[] =>
  policies.flatMap(({baseRules = []}) =>
    Array.from(baseRules, ({chain, matches}) => {
      const comment = matches.find(match => match.kind === 'comment')
      return `${chain.slice('AZURE-NPM-'.length)} ${comment?.kind === 'comment' ? comment.text : ''}`
    }),
  )

const rule = (program: LinuxProgram, part: string): string => {
  const found = program.policies
    .flatMap(({baseRules = []}) => Array.from(baseRules, ruleText))
    .filter(text => text.includes(part))
  expect(found).toHaveLength(1)
  return found[0] ?? ''
}

describe('sets', () => {
  test('without policies there are those of pods and namespaces, and no chain', () => {
    const program = compile(
      {
        ...emptyCluster(),
        namespaces: [{metadata: {name: 'shop', labels: {team: 'a'}}}],
        pods: [
          {
            metadata: {name: 'web', namespace: 'shop', labels: {app: 'web'}},
            spec: {containers: [{ports: [{name: 'http', containerPort: 80}]}]},
            status: {phase: 'Running', podIP: '10.0.0.1'},
          },
        ],
      },
      options,
    )
    expect(sets(program)).toEqual([
      'all-namespaces list:set ns-shop',
      'app hash:net 10.0.0.1',
      'app:web hash:net 10.0.0.1',
      'namedport:http hash:ip,port 10.0.0.1,tcp:80',
      'ns-shop hash:net 10.0.0.1',
      'ns-team list:set ns-shop',
      'ns-team:a list:set ns-shop',
    ])
    expect([...program.baseChains]).toEqual([])
  })

  test('a policy brings kube-system, and a set for blocks for each rule with peers', () => {
    const spec = {
      policyTypes: ['Ingress'],
      ingress: [{from: [{podSelector: {}}]}, {ports: [{port: 80}]}, {from: [{podSelector: {}}]}],
    }
    expect(sets(compiled(spec))).toEqual([
      'kube-system hash:net',
      'ns-shop hash:net',
      'p-in-ns-shop-0in hash:net',
      'p-in-ns-shop-2in hash:net',
    ])
  })

  test('several values of a pod label are a list of hash sets; expressions about one key share it', () => {
    const podSelector = {
      matchExpressions: [
        {key: 'app', operator: 'In' as const, values: ['a', 'b']},
        {key: 'app', operator: 'In' as const, values: ['b', 'c']},
        {key: 'app', operator: 'NotIn' as const, values: ['x', 'y']},
      ],
    }
    const program = compiled({podSelector, policyTypes: ['Ingress']})
    expect(sets(program)).toEqual([
      'app:a hash:net',
      'app:a:b:b:c list:set app:a app:b app:c',
      'app:b hash:net',
      'app:c hash:net',
      'app:x hash:net',
      'app:x:y list:set app:x app:y',
      'app:y hash:net',
      'kube-system hash:net',
      'ns-shop hash:net',
    ])
    expect(comments(program)).toEqual(['INGRESS-DROPS DROP-ALL-TO-!app:x:y-AND-app:a:b:b:c-IN-ns-shop'])
  })

  test('an empty namespace selector beside a pod selector leaves an empty list of no label', () => {
    const both = {namespaceSelector: {}, podSelector: {matchLabels: {app: 'a'}}}
    const program = compiled({policyTypes: ['Egress'], egress: [{to: [both]}]})
    expect(sets(program)).toContain('ns- list:set')
    expect(comments(program)[0]).toBe('EGRESS-TO ALLOW-ns-shop-TO-all-namespaces-AND-app:a')
    expect(sets(compiled({policyTypes: ['Egress'], egress: [{to: [{namespaceSelector: {}}]}]}))).not.toContain('ns- list:set')
  })

  test('a pod label and a namespace of one name are one set; a list of that name has no room', () => {
    const program = compile(
      {
        ...emptyCluster(),
        namespaces: [{metadata: {name: 'x', labels: {x: '1'}}}],
        pods: [{metadata: {name: 'p', namespace: 'y', labels: {'ns-x': '1'}}, status: {phase: 'Running', podIP: '10.0.0.1'}}],
        policies: [
          policy({
            policyTypes: ['Ingress'],
            ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: 'x', operator: 'Exists'}]}}]}],
          }),
        ],
      },
      options,
    )
    expect(sets(program)).toContain('ns-x hash:net 10.0.0.1')
    expect(sets(program)).not.toContain('ns-x list:set x')
    expect(program.refusals.map(({code, field}) => `${code} ${field}`)).toEqual(['SET_COLLISION spec.ingress[0].from[0]'])
  })
})

describe('blocks', () => {
  const blocks = (...from: {cidr: string; except?: string[]}[]) =>
    compiled({policyTypes: ['Ingress'], ingress: [{from: from.map(ipBlock => ({ipBlock}))}]})
  const members = (program: LinuxProgram) => [...program.sets.values()].find(({type}) => type === 'CIDRBlocks')?.members

  test('of a rule are one set and one rule', () => {
    const program = blocks({cidr: '0.0.0.0/0', except: ['10.0.0.0/8']}, {cidr: '192.0.2.7/32'})
    expect(members(program)).toEqual(['0.0.0.0/1', '128.0.0.0/1', '10.0.0.0/8 nomatch', '192.0.2.7'])
    expect(comments(program)).toEqual(['INGRESS-FROM ALLOW-p-in-ns-shop-0in-TO-ns-shop', 'INGRESS-DROPS DROP-ALL-TO-ns-shop'])
  })

  test('that another one excepts stay excepted when they were written before, else not', () => {
    expect(members(blocks({cidr: '10.1.0.0/16'}, {cidr: '10.0.0.0/8', except: ['10.1.0.0/16']}, {cidr: '10.1.0.0/16'}))).toEqual([
      '10.1.0.0/16 nomatch',
      '10.0.0.0/8',
    ])
    expect(members(blocks({cidr: '10.0.0.0/8', except: ['10.1.9.9/16']}, {cidr: '10.1.0.0/16'}))).toEqual([
      '10.0.0.0/8',
      '10.1.0.0/16',
    ])
  })

  test('that ipset refuses are left out, and the policy is programmed', () => {
    const program = blocks({cidr: 'fd00::/8'}, {cidr: '10.0.0.0/8', except: ['fd00::1/128']}, {cidr: '1.2.3.4/0'})
    expect(members(program)).toEqual(['10.0.0.0/8'])
    expect(program.refusals.map(({code, field, consequence}) => [code, field, consequence.split(', ')[1]].join(' '))).toEqual([
      'BAD_BLOCK spec.ingress[0].from[0].ipBlock.cidr so its addresses are not allowed',
      'BAD_EXCEPT spec.ingress[0].from[1].ipBlock.except[0] so its addresses are allowed',
      'BAD_BLOCK spec.ingress[0].from[2].ipBlock.cidr so its addresses are not allowed',
    ])
    expect(comments(program)).toHaveLength(2)
  })

  test('that are not the first peer of a later rule get no rule', () => {
    const ipBlock = {cidr: '10.0.0.0/8'}
    const from = [{podSelector: {}}, {ipBlock}]
    const program = compiled({policyTypes: ['Ingress'], ingress: [{from}, {from}, {from: from.toReversed()}]})
    expect(comments(program)).toEqual([
      'INGRESS-FROM ALLOW-p-in-ns-shop-0in-TO-ns-shop',
      'INGRESS-FROM ALLOW-p-in-ns-shop-2in-TO-ns-shop',
      ...Array.from({length: 3}, () => 'INGRESS-FROM ALLOW-ns-shop-TO-ns-shop'),
      'INGRESS-DROPS DROP-ALL-TO-ns-shop',
    ])
    expect(sets(program)).toContain('p-in-ns-shop-1in hash:net 10.0.0.0/8')
  })
})

describe('rules', () => {
  const namespaceSelector = {matchExpressions: [{key: 'team', operator: 'In' as const, values: ['a', 'b']}]}
  const podSelector = {matchLabels: {app: 'web'}}
  const peers = {
    block: {ipBlock: {cidr: '10.0.0.0/8'}},
    namespace: {namespaceSelector},
    pod: {podSelector},
    both: {namespaceSelector, podSelector},
  }
  const ports = [{port: 80, endPort: 90}, {port: 'http'}, {protocol: 'UDP'}]
  const T = 'tier:db-IN-ns-shop'
  const target = {matchLabels: {tier: 'db'}}
  const all = (kind: keyof typeof peers | undefined, withPorts: boolean) => {
    const parts = {...(withPorts && {ports})}
    const peer = kind && peers[kind]
    return comments(
      compiled({
        podSelector: target,
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{...parts, ...(peer && {from: [peer]})}],
        egress: [{...parts, ...(peer && {to: [peer]})}],
      }),
    )
  }
  const drops = [`INGRESS-DROPS DROP-ALL-TO-${T}`, `EGRESS-DROPS DROP-ALL-FROM-${T}`]

  test.each<{kind: keyof typeof peers | undefined; withPorts: boolean; expected: string[]}>([
    {kind: undefined, withPorts: false, expected: [`INGRESS-PORT ALLOW-ALL-TO-${T}`, `EGRESS-PORT ALLOW-ALL-FROM-${T}`]},
    {
      kind: undefined,
      withPorts: true,
      expected: [
        ...['TCP-PORT-80', 'TCP-PORT-http', 'UDP'].map(port => `INGRESS-PORT ALLOW-ALL-${port}-TO-${T}`),
        ...['TCP-PORT-80', 'TCP-PORT-http', 'UDP'].map(port => `EGRESS-PORT ALLOW-ALL-TO-${port}-FROM-${T}`),
        ...drops,
      ],
    },
    {
      kind: 'block',
      withPorts: false,
      expected: [`INGRESS-FROM ALLOW-p-in-ns-shop-0in-TO-${T}`, `EGRESS-TO ALLOW-p-in-ns-shop-0out-FROM-${T}`, ...drops],
    },
    {
      kind: 'pod',
      withPorts: false,
      expected: [`INGRESS-FROM ALLOW-app:web-IN-ns-shop-TO-${T}`, `EGRESS-TO ALLOW-${T}-TO-app:web-IN-ns-shop`, ...drops],
    },
    {
      kind: 'pod',
      withPorts: true,
      expected: [
        ...['TCP-PORT-80', 'TCP-PORT-http', 'UDP'].map(port => `INGRESS-PORT ALLOW-app:web-IN-ns-shop-AND-${port}-TO-${T}`),
        ...['TCP-PORT-80', 'TCP-PORT-http', 'UDP'].map(port => `EGRESS-PORT ALLOW-app:web-IN-ns-shop-AND-${port}-FROM-${T}`),
        ...drops,
      ],
    },
    {
      kind: 'namespace',
      withPorts: false,
      expected: [
        ...['a', 'b'].map(team => `INGRESS-FROM ALLOW-ns-team:${team}-TO-${T}`),
        ...['a', 'b'].map(team => `EGRESS-TO ALLOW-${T}-TO-ns-team:${team}`),
        ...drops,
      ],
    },
    {
      kind: 'both',
      withPorts: true,
      expected: [
        ...['a', 'b'].flatMap(team =>
          ['TCP-PORT-80', 'TCP-PORT-http', 'UDP'].map(
            port => `INGRESS-PORT ALLOW-ns-team:${team}-AND-app:web-AND-${port}-TO-${T}`,
          ),
        ),
        ...['a', 'b'].flatMap(team =>
          ['TCP-PORT-80', 'TCP-PORT-http', 'UDP'].map(
            port => `EGRESS-PORT ALLOW-${T}-TO-ns-team:${team}-AND-app:web-AND-${port}`,
          ),
        ),
        ...drops,
      ],
    },
  ])('of $kind, ports: $withPorts', ({kind, withPorts, expected}) => {
    expect(all(kind, withPorts)).toEqual(expected)
  })

  test('the end of a range is not looked at; a named port beside namespaces alone has no protocol', () => {
    const program = compiled({
      policyTypes: ['Ingress'],
      ingress: [{ports, from: [{namespaceSelector: {matchLabels: {team: 'a'}}}]}],
    })
    expect(rule(program, 'PORT-80-TO')).toMatch(/^-A AZURE-NPM-INGRESS-PORT -p tcp .* -m tcp --dport 80 -m comment/)
    expect(rule(program, 'PORT-http-TO')).toMatch(/^-A AZURE-NPM-INGRESS-PORT -m set .* dst,dst -m comment/)
    expect(rule(program, 'UDP-TO')).toMatch(/^-A AZURE-NPM-INGRESS-PORT -p udp .*src -m comment/)
  })

  test('a rule without conditions stands beside others, and saves the drop only when it is alone', () => {
    expect(comments(compiled({policyTypes: ['Ingress'], ingress: [{}, {ports: [{port: 80}]}]}))).toEqual([
      'INGRESS-PORT ALLOW-ALL-TO-ns-shop',
      'INGRESS-PORT ALLOW-ALL-TCP-PORT-80-TO-ns-shop',
      'INGRESS-DROPS DROP-ALL-TO-ns-shop',
    ])
    expect(comments(compiled({policyTypes: ['Ingress'], ingress: [{}]}))).toEqual(['INGRESS-PORT ALLOW-ALL-TO-ns-shop'])
  })

  test('of a newer policy stand before those of an older one, its drop behind', () => {
    const spec = (port: number) => ({
      podSelector: {matchLabels: {n: String(port)}},
      policyTypes: ['Ingress'],
      ingress: [{ports: [{port}]}],
    })
    const {baseChains} = compiled(spec(1), spec(2))
    const order = (chain: string) => (baseChains.get(chain) ?? []).map(each => each.policy ?? 'base')
    expect(order('AZURE-NPM-INGRESS-PORT')).toEqual(['shop/p1', 'shop/p', 'base', 'base'])
    expect(order('AZURE-NPM-INGRESS-DROPS')).toEqual(['base', 'shop/p', 'shop/p1'])
  })

  test('equal conditions are not made one', () => {
    const podSelector = {matchLabels: {app: 'web'}, matchExpressions: [{key: 'app', operator: 'In' as const, values: ['web']}]}
    const text = ruleText(compiled({podSelector, policyTypes: ['Ingress']}).policies[0]?.baseRules?.at(0) as never)
    expect(text.match(/--match-set/g)).toHaveLength(3)
    expect(text).toContain('DROP-ALL-TO-app:web-AND-app:web-IN-ns-shop')
  })
})

test('what iptables does not take keeps a policy from being compiled, and leaves what every policy brings', () => {
  const program = compiled({policyTypes: ['Ingress'], ingress: [{ports: [{protocol: 'ICMP'}]}]})
  expect(program.refusals.map(({code}) => code)).toEqual(['BAD_PROTOCOL'])
  expect(program.policies).toEqual([])
  expect(sets(program)).toEqual(['kube-system hash:net'])
  expect(program.baseChains.size).toBe(10)
})
