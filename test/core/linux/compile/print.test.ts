import {describe, expect, test} from 'vitest'
import {type ClusterObjects, emptyCluster, type NetworkPolicy} from '../../../../core/kubernetes/objects.ts'
import {compile} from '../../../../core/linux/compile/compile.ts'
import {printIpsetRestore, printIptablesRestore} from '../../../../core/linux/compile/print.ts'
import {setKernelName} from '../../../../core/names/kernel-name.ts'

const policy = (name: string, spec: Partial<NetworkPolicy['spec']> = {}): NetworkPolicy => ({
  metadata: {name, namespace: 'shop'},
  spec: {podSelector: {}, ...spec},
})
const program = (objects: Partial<ClusterObjects>) =>
  compile({...emptyCluster(), ...objects}, {scheme: 'sha256', semantics: 'npm'})
const set = (name: string): string => setKernelName(name, 'sha256')

describe('files for ipset restore', () => {
  test('make each set as Azure NPM does, lists behind the others, then fill them', () => {
    const texts = [
      ...printIpsetRestore(
        program({
          namespaces: [{metadata: {name: 'shop'}}],
          pods: [
            {
              metadata: {name: 'web', namespace: 'shop'},
              spec: {containers: [{ports: [{name: 'http', containerPort: 80, protocol: 'TCP'}]}]},
              status: {podIP: '10.0.0.1'},
            },
          ],
          policies: [policy('p', {ingress: [{from: [{ipBlock: {cidr: '10.0.0.0/8', except: ['10.1.0.0/16']}}]}]})],
        }),
      ),
    ]
    // The members of a set come at once.
    const lines = texts.join('\n').split('\n')
    const cidr = set('cidr-p:in-ns:shop-0-0IN')
    expect(lines.slice(0, 4).toSorted()).toEqual(
      [
        `-N ${cidr} --exist nethash maxelem 4294967295`,
        `-N ${set('namedport:http')} --exist hash:ip,port`,
        `-N ${set('ns-shop')} --exist nethash`,
        `-N ${set('nslabel-all-namespaces')} --exist setlist`,
      ].toSorted(),
    )
    expect(lines[3]).toBe(`-N ${set('nslabel-all-namespaces')} --exist setlist`)
    expect(lines.slice(4).toSorted()).toEqual(
      [
        `-A ${cidr} 10.0.0.0/8`,
        `-A ${cidr} 10.1.0.0/16 nomatch`,
        `-A ${set('namedport:http')} 10.0.0.1,tcp:80`,
        `-A ${set('ns-shop')} 10.0.0.1`,
        `-A ${set('nslabel-all-namespaces')} ${set('ns-shop')}`,
      ].toSorted(),
    )
  })
})

describe('files for iptables-restore', () => {
  const lines = (objects: Partial<ClusterObjects>, forwardIndex?: number): string[] => [
    ...printIptablesRestore(program(objects), forwardIndex === undefined ? {} : {forwardIndex}),
  ]

  test('put the jumps to policies in front of the marks, in the order of the policies', () => {
    const jumps = lines({policies: [policy('a'), policy('b'), policy('c', {policyTypes: ['Egress']})]}).filter(line =>
      /^-I AZURE-NPM-(?:IN|E)GRESS /.test(line),
    )
    expect(jumps.map(line => `${line.split(' ').slice(1, 3).join(' ')} ${/POLICY-(\S+?)-(?:TO|FROM)/.exec(line)?.[1]}`)).toEqual([
      'AZURE-NPM-INGRESS 1 shop/a',
      'AZURE-NPM-INGRESS 2 shop/b',
      'AZURE-NPM-EGRESS 1 shop/c',
    ])
  })

  test('activate Azure NPM only when there is a policy', () => {
    const activation = (objects: Partial<ClusterObjects>) => lines(objects).filter(line => line.startsWith('-A AZURE-NPM -j'))
    expect([activation({}).length, activation({policies: [policy('a')]}).length]).toEqual([0, 3])
  })

  test('put the jump from FORWARD where it is asked to be', () => {
    const jump = '-j AZURE-NPM -m conntrack --ctstate NEW'
    expect(lines({})).toContain(`-I FORWARD 1 ${jump}`)
    expect(lines({}, 4)).toContain(`-I FORWARD 4 ${jump}`)
  })

  test('quote what would otherwise be more than one word, and hold no line in two', () => {
    const spec = {ingress: [{from: [{podSelector: {matchLabels: {k: 'two "words"\nCOMMIT'}}}]}]}
    const rule = lines({policies: [policy('a', spec)]}).find(line => line.includes('podlabel-k'))
    expect(rule).toMatch(/--comment "ALLOW-FROM-podlabel-k:two \\"words\\"\?COMMIT-AND-ns-shop"$/)
  })
})
