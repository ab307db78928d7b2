import {describe, expect, test} from 'vitest'
import {readRelease} from '../../../core/policy/release.ts'
import {cluster, lint, policy} from '../../support/lint/lint-yaml.ts'

const OPEN_BESIDE = '{podSelector: {}, ingress: [{ports: [{port: 80}]}, {}]}'
const OPEN_ALONE = '{podSelector: {}, ingress: [{}]}'
const BAD_VALUE = '{podSelector: {matchExpressions: [{key: app, operator: In, values: ["no value"]}]}}'
const OF_BLOCK = '{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}], policyTypes: [Egress]}'
const COLLIDING = ['cart-dev/allow-web-to-products', 'email/allow-products-to-cron']

/** The codes that are found for a release. */
const found = (release: string | undefined, ...policies: readonly string[]): string[] =>
  lint(policies, cluster({}), ['linux'], undefined, readRelease(release ?? '')).map(({code, field}) => `${code} ${field}`)

describe('the findings for a release', () => {
  test.each<{code: string; spec: string; has: readonly string[]; hasNot: readonly (string | undefined)[]}>([
    {
      code: 'OPEN_RULE_IGNORED spec.ingress[1]',
      spec: OPEN_BESIDE,
      has: ['v1.4.27', 'v1.5.16'],
      hasNot: ['v1.5.17', 'v1.6.48', undefined],
    },
    {code: 'OPEN_RULE_IGNORED spec.ingress[0]', spec: OPEN_ALONE, has: [], hasNot: ['v1.4.27']},
    {
      code: 'BAD_LABEL_VALUE spec.podSelector.matchExpressions[0].values[0]',
      spec: BAD_VALUE,
      has: ['v1.4.41'],
      hasNot: ['v1.4.40'],
    },
    {code: 'LITE_BLOCK_OPEN spec.egress[0].to[0].ipBlock', spec: OF_BLOCK, has: ['v1.6.12'], hasNot: ['v1.6.11', 'v1.4.27']},
  ])('$code', ({code, spec, has, hasNot}) => {
    for (const release of has) expect(found(release, policy(spec)), release).toContain(code)
    for (const release of hasNot) expect(found(release, policy(spec)), release).not.toContain(code)
  })

  test('has collisions while names have 32 bits, whatever nodes are known', () => {
    const both = COLLIDING.map(name => policy('{podSelector: {}}', name))
    const isColliding = (release: string | undefined) => found(release, ...both).some(each => each.startsWith('CHAIN_COLLISION'))
    expect(['v1.6.45', 'v1.7.9', 'v1.8.11', undefined].map(isColliding)).toEqual([true, true, true, true])
    expect(['v1.6.46', 'v1.8.12'].map(isColliding)).toEqual([false, false])
  })
})
