import type {LiveNode} from '../../../core/contract/live.ts'
import {API_VERSION} from '../../../core/contract/version.ts'

const RULES_OF_POLICY = 10

/** A sample as it comes from the wire. A tenth of the rules have counted something since the one before. */
export const wireOf = (second: number, rules: number): string => {
  const counted = Array.from({length: rules}, (_, number) => number).filter(
    number => second === 0 || (number + second) % 10 === 0,
  )
  return JSON.stringify({
    at: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(),
    structure: 'one',
    summary: {
      policies: rules / RULES_OF_POLICY,
      rules,
      sets: 500,
      entries: 20_000,
      newConnections: second * 50,
      drops: second * 3,
      dropBytes: second * 180,
      active: true,
      connections: {now: 1000 + second, most: 262_144},
      differences: {opens: 0, closes: 0, other: 0, at: '2026-01-01T00:00:00Z'},
      npm: {release: null, startedAt: null, addPolicyMs: {p50: 3, p99: 9}, failures: 0},
    },
    ...(rules > 0 && {
      counts: {
        isFull: second === 0,
        rules: counted.flatMap(number => [number, second * 7, second * 420]),
        sets: [],
        goneSets: [],
      },
    }),
    readMs: 12.5,
    intervalMs: 1000,
    skipped: 0,
  })
}
/** The rules of a node in words. */
export const liveOf = (node: string, rules: number): LiveNode => ({
  apiVersion: API_VERSION,
  kind: 'LiveNode',
  node,
  at: '2026-01-01T00:00:00Z',
  structure: 'one',
  backend: 'nft',
  sets: [],
  problems: [],
  policies: Array.from({length: rules / RULES_OF_POLICY}, (_, policy) => ({
    policy: `shop/p${policy}`,
    direction: 'Ingress' as const,
    chain: `AZURE-NPM-INGRESS-${policy}`,
    enforced: true,
    subject: 'pods',
    pods: [],
    jump: null,
    rules: Array.from({length: RULES_OF_POLICY}, (_, rule) => ({
      number: policy * RULES_OF_POLICY + rule,
      where: {chain: `AZURE-NPM-INGRESS-${policy}`, position: rule + 1},
      action: rule === RULES_OF_POLICY - 1 ? ('drop' as const) : ('allow' as const),
      text: `allow TCP ${rule}`,
    })),
  })),
})
