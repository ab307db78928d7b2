import {describe, expect, test} from 'vitest'
import type {ClusterObjects, NetworkPolicy} from '../../../../core/kubernetes/objects.ts'
import {compile} from '../../../../core/linux/compile/compile.ts'
import {linux} from '../../../../core/linux/dataplane.ts'

/** Rules of NPM v1 do not name their policy: it is told by the pods that it selects. */

const policy = (name: string, namespace: string, app: string, policyTypes: string[]): NetworkPolicy => ({
  metadata: {name, namespace},
  spec: {
    podSelector: {matchLabels: {app}},
    policyTypes,
    ...(policyTypes.includes('Ingress') && {ingress: [{from: [{podSelector: {matchLabels: {app: `${name}-guest`}}}]}]}),
    ...(policyTypes.includes('Egress') && {egress: [{to: [{podSelector: {matchLabels: {app: `${name}-host`}}}]}]}),
  },
})

const policies = [
  policy('only', 'pond', 'frog', ['Ingress']),
  policy('first', 'pond', 'newt', ['Ingress']),
  policy('second', 'pond', 'newt', ['Ingress']),
  policy('out', 'pond', 'newt', ['Egress']),
  policy('only', 'lake', 'frog', ['Ingress']),
]
const cluster: ClusterObjects = {
  namespaces: [{metadata: {name: 'pond'}}, {metadata: {name: 'lake'}}],
  pods: [],
  policies,
  nodes: [],
}

describe.each(['fnv32a', 'sha256'] as const)('entries of NPM v1 with names hashed by %s', scheme => {
  const program = compile(cluster, {scheme, semantics: 'npm', generation: 'v1'})
  const told = [...linux.foretell(program, {cluster}).translation().policies()].map(each => ({
    policy: each.policy,
    candidates: each.candidates,
    direction: each.direction,
    subject: each.subject,
  }))

  test('have the name of the policy that alone selects their pods, in its own namespace', () => {
    expect(told).toContainEqual({policy: 'pond/only', direction: 'Ingress', subject: 'pods app=frog in namespace pond'})
    expect(told).toContainEqual({policy: 'lake/only', direction: 'Ingress', subject: 'pods app=frog in namespace lake'})
  })

  test('name all policies that select the same pods, of the same direction', () => {
    expect(told).toContainEqual({
      policy: 'unknown',
      candidates: ['pond/first', 'pond/second'],
      direction: 'Ingress',
      subject: 'pods app=newt in namespace pond',
    })
    expect(told).toContainEqual({policy: 'pond/out', direction: 'Egress', subject: 'pods app=newt in namespace pond'})
  })

  test('have all their names from the comments of rules, where no policies are known', () => {
    const texts = [...linux.foretell(program).translation().policies()].flatMap(({rules}) => rules.map(({text}) => text))
    expect(texts).toContain('allow everything from pods app=first-guest in namespace pond')
    expect(texts).toContain('allow everything from pods app=second-guest in namespace pond')
    expect(texts.join()).not.toContain('unknown')
  })
})
