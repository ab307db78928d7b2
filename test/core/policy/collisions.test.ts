import {describe, expect, test} from 'vitest'
import {
  type ClusterObjects,
  emptyCluster,
  type NetworkPolicy,
  type Pod,
  type PolicyPeer,
} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {setKernelName} from '../../../core/names/kernel-name.ts'
import type {CompileOptions, ProgramSet} from '../../../core/policy/program.ts'

/*
 * Labels whose decimal names are those of other sets; found by trying.
 */
const sameAsNamespace = 'gVzbLI' // podlabel-x:gVzbLI, ns-shop
const sameAsBlock = 'KSSkTS' // podlabel-x:KSSkTS, cidr-p-in-ns-shop-0-0IN
const sameAsList = 'Hb8rZV' // podlabel-x:Hb8rZV, nslabel-team:a

const npm: CompileOptions = {scheme: 'fnv32a', semantics: 'npm'}
const kubernetes: CompileOptions = {scheme: 'fnv32a', semantics: 'kubernetes'}

const pod = (podIP: string, x: string, namespace = 'other'): Pod => ({
  metadata: {name: podIP, namespace, labels: {x}},
  status: {phase: 'Running', podIP},
})
const policy = (namespace: string, name: string, ...from: PolicyPeer[]): NetworkPolicy => ({
  metadata: {name, namespace},
  spec: {podSelector: {}, ingress: [{from}]},
})
const block = (cidr: string, ...except: string[]): PolicyPeer => ({ipBlock: {cidr, except}})
const team: PolicyPeer = {namespaceSelector: {matchLabels: {team: 'a'}}}

const clusterOf = (objects: Partial<ClusterObjects>): ClusterObjects => ({...emptyCluster(), ...objects})

/** The kernel set of a name, as Azure NPM has it. */
const shared = (objects: Partial<ClusterObjects>, name: string): ProgramSet | undefined =>
  compile(clusterOf(objects), npm).sets.get(setKernelName(name, 'fnv32a'))

const refused = (objects: Partial<ClusterObjects>): string[] =>
  compile(clusterOf(objects), npm).refusals.map(
    ({code, field, reason, consequence}) => `${code} ${field}: ${reason}. ${consequence}`,
  )

describe('sets of one hash', () => {
  test('of one kind are one set with the members of both', () => {
    const objects = {pods: [pod('10.0.0.1', 'y', 'shop'), pod('10.0.0.2', sameAsNamespace)]}
    expect(shared(objects, 'ns-shop')).toMatchObject({
      name: 'ns-shop',
      names: ['ns-shop', `podlabel-x:${sameAsNamespace}`],
      members: ['10.0.0.1', '10.0.0.2'],
    })
  })

  test('of two kinds are the first one alone, and the policy that needs the other is told', () => {
    const objects = {
      namespaces: [{metadata: {name: 'mine', labels: {team: 'a'}}}],
      pods: [pod('10.0.0.1', sameAsList)],
      policies: [policy('shop', 'q', team)],
    }
    const set = shared(objects, 'nslabel-team:a')
    // Lists of namespaces come before labels of pods.
    expect(set).toMatchObject({type: 'KeyValueLabelOfNamespace', ipsetType: 'list:set'})
    expect(set).not.toHaveProperty('names')
    expect(refused(objects)).toEqual([])
    const user = policy('shop', 'q', {podSelector: {matchLabels: {x: sameAsList}}})
    expect(refused({...objects, policies: [user]})).toEqual([
      expect.stringContaining(`the rules look at the members of nslabel-team:a in place of podlabel-x:${sameAsList}`),
    ])
  })

  test('of blocks and of pods differ in their sizes, which makes them two kinds', () => {
    const objects = {pods: [pod('10.0.0.1', sameAsBlock)], policies: [policy('shop', 'p', block('192.0.2.0/24'))]}
    expect(shared(objects, `podlabel-x:${sameAsBlock}`)).toMatchObject({type: 'KeyValueLabelOfPod', members: ['10.0.0.1']})
    expect(refused(objects)).toEqual([expect.stringContaining('SET_COLLISION spec.ingress[0].from[0]')])
  })

  test('of two policies whose old names are one text hold each block once', () => {
    const policies = [policy('c', 'a-in-ns-b', block('10.0.0.0/8')), policy('b-in-ns-c', 'a', block('10.0.0.0/7', '10.0.0.0/8'))]
    const set = shared({policies}, 'cidr-a-in-ns-b-in-ns-c-0-0IN')
    expect(set?.members.map(member => member.split(' ')[0]).toSorted()).toEqual(['10.0.0.0/7', '10.0.0.0/8'])
    expect(refused({policies})).toHaveLength(2)
    expect(refused({policies})[0]).toContain('cidr-a-in-ns-b-in-ns-c-0-0IN of policy b-in-ns-c/a')
  })

  test('are told nobody whom they do not concern', () => {
    const pods = [pod('10.0.0.1', 'y', 'shop'), pod('10.0.0.2', sameAsNamespace)]
    expect(refused({pods, policies: [policy('else', 'q', {podSelector: {}})]})).toEqual([])
    expect(refused({pods, policies: [policy('shop', 'q', {podSelector: {}})]})).toHaveLength(1)
  })

  test('are two to the API, with names that are hashes of what they say', () => {
    const objects = clusterOf({
      namespaces: [{metadata: {name: 'mine', labels: {team: 'a'}}}],
      pods: [
        pod('10.0.0.1', sameAsList),
        pod('10.0.0.2', sameAsNamespace),
        pod('10.0.0.3', sameAsBlock),
        pod('10.0.0.4', 'y', 'shop'),
      ],
      policies: [policy('shop', 'p', block('192.0.2.0/24')), policy('shop', 'q', team)],
    })
    const {sets, refusals} = compile(objects, kubernetes)
    expect(refusals).toEqual([])
    const own = [...sets.values()].filter(({name}) => name.endsWith('=1'))
    expect(own.map(({name}) => name).toSorted()).toEqual(
      [`cidr-p-in-ns-shop-0-0IN=1`, `podlabel-x:${sameAsList}=1`, `podlabel-x:${sameAsNamespace}=1`].toSorted(),
    )
    for (const {name, kernelName} of sets.values()) expect(kernelName).toBe(setKernelName(name, 'fnv32a'))
    for (const [key, {kernelName}] of sets) expect(key).toBe(kernelName)
  })
})
