import {describe, expect, test} from 'vitest'
import {emptyCluster, type LabelSelector, type NetworkPolicy, type PolicyPeer} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import type {LinuxProgram} from '../../../core/linux/npm/program.ts'
import type {Semantics} from '../../../core/policy/program.ts'

const program = (from: PolicyPeer, semantics: Semantics): LinuxProgram => {
  const policy: NetworkPolicy = {metadata: {name: 'p', namespace: 'a'}, spec: {podSelector: {}, ingress: [{from: [from]}]}}
  return compile({...emptyCluster(), policies: [policy]}, {scheme: 'sha256', semantics})
}

/** The conditions of each rule but the last, which drops. */
function terms(from: PolicyPeer, semantics: Semantics = 'npm'): string[] {
  const {policies, sets} = program(from, semantics)
  const rules = policies[0]?.chains[0]?.rules ?? []
  return [...rules]
    .slice(0, -1)
    .map(({matches}) =>
      matches.flatMap(match => (match.kind === 'set' ? [(match.negated ? '!' : '') + sets.get(match.set)?.name] : [])).join(' '),
    )
}

const blocks = (cidr: string, except: string[], semantics: Semantics): readonly string[] | undefined =>
  [...program({ipBlock: {cidr, except}}, semantics).sets.values()].find(({type}) => type === 'CIDRBlocks')?.members

const expressions = (...list: [string, string, ...string[]][]): LabelSelector => ({
  matchExpressions: list.map(([key, operator, ...values]) => ({key, operator: operator as 'In', values})),
})

describe('selectors', () => {
  test('labels come sorted by key, whatever order the object has', () => {
    expect(terms({podSelector: {matchLabels: {b: '2', a: '1', c: '3'}}})).toEqual(['podlabel-a:1 podlabel-b:2 podlabel-c:3 ns-a'])
    expect(terms({namespaceSelector: {matchLabels: {b: '2', a: '1'}}})).toEqual(['nslabel-a:1 nslabel-b:2'])
  })

  test('equal terms are kept once, within each selector that values unfold to', () => {
    const twice = expressions(['team', 'In', 'a', 'b'], ['team', 'In', 'a', 'b'])
    expect(terms({namespaceSelector: twice})).toEqual([
      'nslabel-team:a',
      'nslabel-team:a nslabel-team:b',
      'nslabel-team:b nslabel-team:a',
      'nslabel-team:b',
    ])
  })

  test.each([2, 16, 17, 200])('equal terms are kept once among %d', count => {
    const some = Array.from({length: count}, (_, at): [string, string] => ['x', at % 2 === 0 ? 'Exists' : 'DoesNotExist'])
    expect(terms({podSelector: expressions(...some)})).toEqual(['podlabel-x !podlabel-x ns-a'])
  })

  test('a term and its negation are two', () => {
    expect(terms({podSelector: expressions(['x', 'Exists'], ['x', 'DoesNotExist'])})).toEqual(['podlabel-x !podlabel-x ns-a'])
  })

  test('several excluded namespace values are one rule to the API, several to Azure NPM', () => {
    const namespaceSelector = {matchLabels: {env: 'prod'}, ...expressions(['team', 'NotIn', 'a', 'b'])}
    expect(terms({namespaceSelector})).toEqual(['nslabel-env:prod !nslabel-team:a', 'nslabel-env:prod !nslabel-team:b'])
    expect(terms({namespaceSelector}, 'kubernetes')).toEqual(['nslabel-env:prod !nslabel-team:a !nslabel-team:b'])
  })

  test('a selector that only excludes is about pods to the API', () => {
    const namespaceSelector = expressions(['team', 'NotIn', 'a'])
    expect(terms({namespaceSelector})).toEqual(['!nslabel-team:a'])
    expect(terms({namespaceSelector}, 'kubernetes')).toEqual(['nslabel-all-namespaces !nslabel-team:a'])
    const podSelector = {matchLabels: {app: 'web'}}
    expect(terms({namespaceSelector, podSelector}, 'kubernetes')).toEqual(['!nslabel-team:a podlabel-app:web'])
  })

  test('a value that no label can have is an empty set to the API', () => {
    expect(terms({podSelector: expressions(['app', 'In', 'no good'])}, 'kubernetes')).toEqual(['podlabel-app:no good ns-a'])
  })
})

describe('blocks', () => {
  test.each<{cidr: string; except: string[]; npm?: string[]; kubernetes: string[]}>([
    {cidr: '10.1.2.3/8', except: [], npm: ['10.0.0.0/8'], kubernetes: ['10.0.0.0/8']},
    {cidr: '192.0.2.7/32', except: [], npm: ['192.0.2.7'], kubernetes: ['192.0.2.7']},
    {cidr: '10.0.0.0/8', except: ['10.0.0.0/8'], npm: ['10.0.0.0/8 nomatch'], kubernetes: []},
    {cidr: '10.0.0.0/8', except: ['0.0.0.0/0'], npm: ['10.0.0.0/8'], kubernetes: []},
    {cidr: '10.0.0.0/30', except: ['10.0.0.0/8'], npm: ['10.0.0.0/30', '10.0.0.0/8 nomatch'], kubernetes: []},
    {cidr: '0.0.0.0/0', except: [], npm: ['0.0.0.0/1', '128.0.0.0/1'], kubernetes: ['0.0.0.0/1', '128.0.0.0/1']},
    {cidr: '1.2.3.4/0', except: [], kubernetes: ['0.0.0.0/1', '128.0.0.0/1']},
    {
      cidr: '10.0.0.0/8',
      except: ['10.1.0.0/16', 'fd00::/8', '10.1.9.9/16'],
      npm: ['10.0.0.0/8', '10.1.0.0/16 nomatch'],
      kubernetes: ['10.0.0.0/8', '10.1.0.0/16 nomatch'],
    },
  ])('$cidr except $except', ({cidr, except, npm = [], kubernetes}) => {
    expect(blocks(cidr, except, 'npm') ?? []).toEqual(npm)
    expect(blocks(cidr, except, 'kubernetes')).toEqual(kubernetes)
  })

  test('an IPv6 block matches no IPv4 packet: to the API the rule is left out, and nothing is let through', () => {
    const {policies, sets} = program({ipBlock: {cidr: '2001:db8::/32'}}, 'kubernetes')
    expect(policies[0]?.chains[0]?.rules).toHaveLength(1)
    expect([...sets.values()].filter(({type}) => type === 'CIDRBlocks')).toEqual([])
  })
})
