import {describe, expect, test} from 'vitest'
import {InternedStrings} from '../../../core/kubernetes/intern-strings.ts'
import {npmOnNode} from '../../../core/kubernetes/npm-pod.ts'
import type {Pod} from '../../../core/kubernetes/objects.ts'
import {stripPod} from '../../../core/kubernetes/strip-fields.ts'

const STARTED = '2026-11-20T08:00:00Z'

interface Facts {
  readonly node?: string
  readonly namespace?: string
  readonly label?: string
  readonly image?: string
  readonly seen?: string
  readonly state?: object
}

/** As the API server has it. */
const served = (facts: Facts = {}) => ({
  metadata: {
    name: 'azure-npm-x7k2p',
    namespace: facts.namespace ?? 'kube-system',
    labels: {'k8s-app': facts.label ?? 'azure-npm', 'pod-template-generation': '3'},
  },
  spec: {
    nodeName: facts.node ?? 'here',
    hostNetwork: true,
    containers: [
      {
        name: 'azure-npm',
        image: facts.image ?? 'mcr.microsoft.com/containernetworking/azure-npm:v1.6.48',
        env: [{name: 'HOSTNAME', value: 'secret'}],
      },
    ],
  },
  status: {
    phase: 'Running',
    podIP: '192.168.0.4',
    startTime: '2026-01-01T00:00:00Z',
    containerStatuses: [
      {
        name: 'azure-npm',
        image: facts.seen ?? 'sha256:0123456789abcdef',
        restartCount: 2,
        state: facts.state ?? {running: {startedAt: STARTED}},
      },
    ],
  },
})
const kept = (facts?: Facts): Pod => stripPod(served(facts), new InternedStrings()) as Pod
const running = {release: 'v1.6.48', startedAt: '2026-11-20T08:00:00.000Z'}

describe('the release of Azure NPM on a node', () => {
  test.each<[string, Facts, string | null]>([
    ['is the tag of the image', {}, 'v1.6.48'],
    ['of a registry with a port', {image: 'registry.example:5000/azure-npm:v1.5.5'}, 'v1.5.5'],
    ['of an own build', {image: 'azure-npm:v1.6.48-12-gabc.dirty'}, 'v1.6.48-12-gabc.dirty'],
    ['before a digest', {image: 'mcr.example/azure-npm:v1.6.48@sha256:00ff'}, 'v1.6.48'],
    ['of the image that runs, where the pod asks for a digest', {image: 'a/azure-npm@sha256:00ff', seen: 'a/b:v1.4.9'}, 'v1.4.9'],
    ['is not a tag that names none', {image: 'a/azure-npm:latest'}, null],
    ['is not the port of a registry', {image: 'registry.example:1.2.3.4/azure-npm'}, null],
  ])('%s', (_, facts, release) => {
    expect(npmOnNode([kept(facts)], 'here')?.release).toBe(release)
    // Objects of files have all fields.
    expect(npmOnNode([served(facts) as unknown as Pod], 'here')?.release).toBe(release)
  })

  test.each<[string, Facts]>([
    ['of another node', {node: 'there'}],
    ['of another namespace', {namespace: 'default'}],
    ['with another label', {label: 'azure-cns'}],
  ])('is not that of a pod %s', (_, facts) => {
    expect(npmOnNode([kept(facts)], 'here')).toBeUndefined()
  })

  test('is that of the newer pod, in an upgrade', () => {
    const old = {image: 'a/azure-npm:v1.5.5', state: {running: {startedAt: '2026-01-01T00:00:00Z'}}}
    for (const pods of [
      [kept(), kept(old)],
      [kept(old), kept()],
      [kept(), kept({image: 'a/b:v1.5.5', state: {waiting: {reason: 'CrashLoopBackOff'}}})],
    ])
      expect(npmOnNode(pods, 'here')).toEqual(running)
  })
})

test('a container that does not run, or has no time, was not started', () => {
  for (const state of [{waiting: {reason: 'CrashLoopBackOff'}}, {running: {startedAt: 'yesterday'}}, {running: {startedAt: 3}}])
    expect(npmOnNode([kept({state})], 'here')).toEqual({release: 'v1.6.48', startedAt: null})
})

test('of no other pod an image is kept, and of none its environment or registry', () => {
  const npm = JSON.stringify(kept())
  expect(npm).toContain('azure-npm:v1.6.48')
  expect(npm).not.toMatch(/secret|microsoft/)
  expect(JSON.stringify(kept({label: 'other'}))).not.toMatch(/v1\.6|startedAt|sha256/)
})
