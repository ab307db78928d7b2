import {expect, test} from 'vitest'
import type {ZodType} from 'zod'
import {adviceForWindows} from '../../../plugin/install/windows-nodes.ts'
import {readAnswer} from '../../../plugin/kubernetes/answer-shapes.ts'
import type {ClusterApi} from '../../../plugin/kubernetes/api.ts'
import {apiErrorOf} from '../../../plugin/kubernetes/api-error.ts'

/** An API server that lists names by the kind in the path; undefined stands for a refusal. */
function apiWith(names: {readonly nodes?: readonly string[]; readonly daemonsets?: readonly string[]}): ClusterApi {
  const get = async <T>(path: string, shape: ZodType<T>): Promise<T> => {
    expect(path).toMatch(/nodes\?labelSelector=kubernetes\.io%2Fos%3Dwindows|component%3Dwindows/)
    const found = names[path.includes('/nodes') ? 'nodes' : 'daemonsets']
    if (!found)
      throw apiErrorOf(403, '{"kind":"Status","message":"no","reason":"Forbidden"}', {
        method: 'GET',
        path,
        agentNamespace: 'kubectl-npm',
      })
    return readAnswer(`GET ${path}`, JSON.stringify({items: found.map(name => ({metadata: {name}}))}), shape)
  }
  return {agentNamespace: 'kubectl-npm', get} as unknown as ClusterApi
}

const advice = (names: Parameters<typeof apiWith>[0]) =>
  adviceForWindows(apiWith(names), '/opt/npm', new AbortController().signal)

test('who installs where Windows nodes are is told how these get agents', async () => {
  expect(await advice({nodes: ['win-1'], daemonsets: []})).toBe(
    'Windows node win-1 has no agent, which would open more than one of Linux does (docs/windows.md): kubectl apply --server-side -k /opt/npm/manifests/overlays/windows',
  )
  expect(await advice({nodes: ['win-1', 'win-2'], daemonsets: []})).toMatch(/^2 Windows nodes have no agent/)
})

test.for([
  ['there is none', {nodes: []}],
  ['they have agents', {nodes: ['win-1'], daemonsets: ['npm-agent-windows']}],
  ['nobody may list nodes', {}],
  ['nobody may list DaemonSets', {nodes: ['win-1']}],
] as const)('nothing is said where %s', async ([, names]) => {
  expect(await advice(names)).toBeUndefined()
})
