import {describe, expect, test} from 'vitest'
import type {Caller} from '../../../agent/auth/caller.ts'
import {Rights} from '../../../agent/auth/rights.ts'
import {limits} from '../../../agent/limits/limits.ts'
import type {RefusedError} from '../../../agent/limits/refusal.ts'
import type {VirtualResource} from '../../../core/contract/agent.ts'
import {FakeReviews, NAMESPACE, NODE} from '../../support/agent/fake-reviews.ts'

const viewer: Caller = {
  kind: 'account',
  account: 'viewer',
  user: {username: `system:serviceaccount:${NAMESPACE}:npm-viewer`, uid: 'u1', groups: ['g'], extra: {k: ['v']}},
  tokenHash: 'h1',
  until: Number.POSITIVE_INFINITY,
}

function openRights() {
  const api = new FakeReviews()
  const clock = {now: 0}
  const rights = new Rights({api, namespace: NAMESPACE, node: NODE, limits, now: () => clock.now})
  const refusal = async (caller: Caller, resource: VirtualResource) =>
    rights.demand(caller, resource).then(
      () => undefined,
      (error: RefusedError) => error.refusal,
    )
  return {api, clock, rights, refusal}
}

describe('rights', () => {
  test('the API server is asked about the node and the resource, with all it has said of the user', async () => {
    const {api, rights} = openRights()
    await rights.demand(viewer, 'dumps')
    expect(api.accessReviews.map(({spec}) => spec)).toEqual([
      {
        user: viewer.kind === 'account' ? viewer.user.username : '',
        uid: 'u1',
        groups: ['g'],
        extra: {k: ['v']},
        resourceAttributes: {group: 'npm.kubectl.io', resource: 'dumps', verb: 'get', name: NODE, namespace: NAMESPACE},
      },
    ])
  })

  test('a refusal names the verb, the resource and the role that has the right', async () => {
    const {api, refusal} = openRights()
    api.rights.delete('drifts')
    expect(await refusal(viewer, 'drifts')).toEqual({
      code: 'FORBIDDEN',
      message: `system:serviceaccount:kubectl-npm:npm-viewer may not get drifts.npm.kubectl.io "bakery-1" in namespace kubectl-npm`,
      next: expect.stringContaining('Role npm-viewer'),
    })
    expect(await refusal(viewer, 'dumps')).toBeUndefined()
  })

  test('an answer is remembered for some seconds: yes for longer than no', async () => {
    const {api, clock, rights, refusal} = openRights()
    await Promise.all(Array.from({length: 30}, () => rights.demand(viewer, 'dumps')))
    expect(api.accessReviews).toHaveLength(1)
    api.rights.delete('dumps')
    clock.now += limits.goodReviewMs
    expect(await refusal(viewer, 'dumps')).toMatchObject({code: 'FORBIDDEN'})
    api.rights.add('dumps')
    clock.now += limits.deniedRightMs
    expect(await refusal(viewer, 'dumps')).toBeUndefined()
  })

  test.each<{name: string; fault: () => Promise<unknown>; code: string}>([
    {
      name: 'fails',
      fault: async () => {
        throw new Error('etcdserver: request timed out')
      },
      code: 'REVIEW_FAILED',
    },
    {name: 'answers with something else', fault: async () => 'ok', code: 'REVIEW_FAILED'},
    {name: 'says both yes and no', fault: async () => ({status: {allowed: true, denied: true}}), code: 'FORBIDDEN'},
    {name: 'says nothing', fault: async () => ({status: {}}), code: 'FORBIDDEN'},
  ])('when the API server $name, the answer is no', async ({fault, code}) => {
    const {api, refusal} = openRights()
    api.fault = fault
    expect(await refusal(viewer, 'status')).toMatchObject({code})
  })

  test('root of the node needs nobody to ask', async () => {
    const {api, rights} = openRights()
    await rights.demand({kind: 'root'}, 'dumps')
    expect(api.accessReviews).toEqual([])
  })
})
