import {describe, expect, test} from 'vitest'
import type {Caller} from '../../../agent/auth/caller.ts'
import {Rights} from '../../../agent/auth/rights.ts'
import {limits} from '../../../agent/limits/limits.ts'
import type {RefusedError} from '../../../agent/limits/refusal.ts'
import type {Right} from '../../../core/contract/agent.ts'
import {FakeReviews, NAMESPACE, NODE} from '../../support/agent/fake-reviews.ts'

const accountOf = (account: 'viewer' | 'operator'): Caller => ({
  kind: 'account',
  account,
  user: {username: `system:serviceaccount:${NAMESPACE}:npm-${account}`, uid: 'u1', groups: ['g'], extra: {k: ['v']}},
  tokenHash: `hash of ${account}`,
  until: Number.POSITIVE_INFINITY,
})
const viewer = accountOf('viewer')
const operator = accountOf('operator')
const get = (resource: Right['resource']): Right => ({verb: 'get', resource})
const APPLY: Right = {verb: 'create', resource: 'applies'}

function openRights(api = new FakeReviews()) {
  const clock = {now: 0}
  const rights = new Rights({api, namespace: NAMESPACE, node: NODE, limits, now: () => clock.now})
  const refusal = async (caller: Caller, right: Right) =>
    rights.demand(caller, right).then(
      () => undefined,
      (error: RefusedError) => error.refusal,
    )
  return {api, clock, rights, refusal}
}

const openedAgain = (api: FakeReviews) => openRights(api).refusal

describe('rights', () => {
  test('the API server is asked about the node and the resource, with all it has said of the user', async () => {
    const {api, rights} = openRights()
    await rights.demand(viewer, get('dumps'))
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
    expect(await refusal(viewer, get('drifts'))).toEqual({
      code: 'FORBIDDEN',
      message: `system:serviceaccount:kubectl-npm:npm-viewer may not get drifts.npm.kubectl.io "bakery-1" in namespace kubectl-npm`,
      next: expect.stringContaining('Role npm-viewer'),
    })
    expect(await refusal(viewer, get('dumps'))).toBeUndefined()
  })

  test('only the operator may write: the viewer is told which role has the right, and the operator to install again', async () => {
    const {api, refusal} = openRights()
    expect(await refusal(operator, APPLY)).toBeUndefined()
    expect(await refusal(operator, get('flows'))).toBeUndefined()
    for (const [right, name] of [
      [APPLY, 'create applies'],
      [get('flows'), 'get flows'],
    ] as const)
      expect(await refusal(viewer, right)).toEqual({
        code: 'FORBIDDEN',
        message: `system:serviceaccount:kubectl-npm:npm-viewer may not ${name}.npm.kubectl.io "bakery-1" in namespace kubectl-npm`,
        next: expect.stringMatching(/Only npm-operator may\..*--role=kubectl-npm-operator/),
      })
    expect(api.accessReviews.map(({spec}) => (spec.resourceAttributes ?? {})['verb'])).toEqual(['create', 'get', 'create', 'get'])
    api.operatorRights.clear()
    expect(await openedAgain(api)(operator, APPLY)).toMatchObject({next: expect.stringContaining('Role npm-operator')})
  })

  test('a right to read a resource is not remembered as one to write it', async () => {
    const {api, refusal} = openRights()
    api.rights.add('applies')
    expect(await refusal(viewer, get('applies'))).toBeUndefined()
    expect(await refusal(viewer, APPLY)).toMatchObject({code: 'FORBIDDEN'})
  })

  test('an answer is remembered for some seconds: yes for longer than no', async () => {
    const {api, clock, rights, refusal} = openRights()
    await Promise.all(Array.from({length: 30}, () => rights.demand(viewer, get('dumps'))))
    expect(api.accessReviews).toHaveLength(1)
    api.rights.delete('dumps')
    clock.now += limits.goodReviewMs
    expect(await refusal(viewer, get('dumps'))).toMatchObject({code: 'FORBIDDEN'})
    api.rights.add('dumps')
    clock.now += limits.deniedRightMs
    expect(await refusal(viewer, get('dumps'))).toBeUndefined()
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
    expect(await refusal(viewer, get('status'))).toMatchObject({code})
  })

  test('root of the node needs nobody to ask', async () => {
    const {api, rights} = openRights()
    await rights.demand({kind: 'root'}, APPLY)
    expect(api.accessReviews).toEqual([])
  })
})
