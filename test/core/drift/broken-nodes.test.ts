import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import type {CauseKind, DriftCause} from '../../../core/contract/drift.ts'
import {compareNode} from '../../../core/drift/compare-node.ts'
import type {Limits} from '../../../core/drift/disputed-packets.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {programRules, programSets} from '../../../core/linux/walk/node-rules.ts'
import {walk} from '../../../core/linux/walk/walk.ts'
import type {Packet} from '../../../core/net/packet.ts'
import {Evaluator} from '../../../core/policy/evaluate.ts'
import {cluster, packetsOf} from '../../support/arbitrary-cluster.ts'
import {linesOf, type NodeLines} from '../../support/node-of.ts'
import {packetOf} from '../../support/packet-text.ts'
import {dumpOf} from '../../support/read-capture.ts'

/*
 * Nodes that are broken in one or two of the ways in which nodes break. What is wrong must be named, and what is said that it does
 * must be true of the very packets that are given as examples.
 */

interface Fault {
  readonly what: string
  /** Of the causes, one of which tells it. */
  readonly kinds: readonly CauseKind[]
  /** Undefined if the node has nothing to break. */
  readonly break: (lines: NodeLines, objects: ClusterObjects) => NodeLines | undefined
}

const place = fc.double({min: 0, max: 1, noNaN: true})
const pick = <Item>(items: readonly Item[], where: number): Item | undefined =>
  items[Math.min(items.length - 1, Math.floor(where * items.length))]

const isJump = (line: string): boolean => line.startsWith('-A FORWARD ') && line.endsWith('-j AZURE-NPM')
const before = (rules: readonly string[], line: string): string[] => rules.flatMap(rule => (isJump(rule) ? [line, rule] : [rule]))

const foreign = fc.constantFrom(
  '-s 10.1.0.1/32 -j ACCEPT',
  '-j ACCEPT',
  '-p tcp -m tcp --dport 80 -j DROP',
  '-d 10.1.0.2/32 -j REJECT',
  '-d 10.1.0.0/24 -j RETURN',
)

const fault: fc.Arbitrary<Fault> = fc.oneof(
  foreign.map(rule => ({
    what: `a rule before the jump: ${rule}`,
    kinds: ['foreignRule'] as const,
    break: (({rules, sets}) => ({rules: before(rules, `-A FORWARD ${rule}`), sets})) as Fault['break'],
  })),
  place.map(where => ({
    what: 'an emptied policy',
    kinds: ['policyEmptied'] as const,
    break: (({rules, sets}) => {
      const jump = pick(
        rules.filter(line => /-j AZURE-NPM-(?:IN|E)GRESS-[0-9a-z]{10}$/.test(line)),
        where,
      )
      const chain = jump?.slice(jump.lastIndexOf(' ') + 1)
      return chain === undefined ? undefined : {rules: rules.filter(line => !line.startsWith(`-A ${chain} `)), sets}
    }) as Fault['break'],
  })),
  place.map(where => ({
    what: 'a lost member',
    kinds: ['pod', 'set', 'policyChanged', 'namespace'] as const,
    break: (({rules, sets}) => {
      const member = pick(
        sets.filter(line => line.startsWith('add ')),
        where,
      )
      return member === undefined ? undefined : {rules, sets: sets.filter(line => line !== member)}
    }) as Fault['break'],
  })),
  place.map(where => ({
    what: 'a stale member',
    kinds: ['pod', 'policyChanged'] as const,
    break: (({rules, sets}) => {
      const created = pick(
        sets.filter(line => line.includes(' hash:net ')),
        where,
      )
      const name = created?.split(' ')[1]
      if (created === undefined || name === undefined || sets.some(line => line.startsWith(`add ${name} 10.1.0.99`)))
        return undefined
      return {rules, sets: sets.flatMap(line => (line === created ? [line, `add ${name} 10.1.0.99`] : [line]))}
    }) as Fault['break'],
  })),
  fc.constant<Fault>({
    what: 'no jump',
    kinds: ['jump', 'npm'],
    break: ({rules, sets}) => (rules.some(isJump) ? {rules: rules.filter(line => !isJump(line)), sets} : undefined),
  }),
  fc.constant<Fault>({
    what: 'a policy that is left over',
    kinds: ['policyLeftOver'],
    break: (_, objects) => {
      const old = {
        metadata: {name: 'deleted', namespace: objects.namespaces[0]?.metadata.name ?? 'default'},
        spec: {podSelector: {}, policyTypes: ['Ingress', 'Egress']},
      }
      return linesOf(compile({...objects, policies: [...objects.policies, old]}, {scheme: 'sha256', semantics: 'npm'}))
    },
  }),
)

/** More members may follow the last line of a save, so the last set is none of Azure NPM's. */
const LAST = 'create last hash:ip family inet hashsize 1024 maxelem 65536'

async function judged(objects: ClusterObjects, faults: readonly Fault[], limits: Limits = {}) {
  const program = compile(objects, {scheme: 'sha256', semantics: 'npm'})
  // What is left over is made of the policies, so it comes first.
  const ordered = faults.toSorted((a, b) => Number(b.what.includes('left over')) - Number(a.what.includes('left over')))
  let lines: NodeLines = linesOf(program)
  for (const each of ordered) {
    const broken = each.break(lines, objects)
    fc.pre(broken !== undefined)
    lines = broken
  }
  const node = await dumpOf(`${lines.rules.join('\n')}\n`, `${lines.sets.join('\n')}\n${LAST}\n`)
  const [rules, sets] = [programRules(program), programSets(program)]
  return {
    drift: compareNode(objects, node, limits),
    now: (packet: Packet) => node.walk(packet).verdict,
    asked: (packet: Packet) => walk(rules, sets, packet).verdict,
  }
}

/** What an example says must be true of it: its verdict now, and that Azure NPM's program, without anything else, has the other. */
function expectTrue({opens, closes}: DriftCause, {now, asked}: Awaited<ReturnType<typeof judged>>): void {
  for (const {packet} of opens)
    expect({packet, now: now(packetOf(packet)), asked: asked(packetOf(packet))}).toEqual({packet, now: 'accept', asked: 'drop'})
  for (const {packet} of closes)
    expect({packet, now: now(packetOf(packet)), asked: asked(packetOf(packet))}).toEqual({packet, now: 'drop', asked: 'accept'})
}

describe('a node that is broken', () => {
  propertyTest.prop([cluster, fault], {numRuns: 150})(
    'in one way is told what is wrong, and what it does',
    async (objects, one) => {
      const {drift, ...verdicts} = await judged(objects, [one])
      const changed = [...packetsOf(objects)].filter(packet => verdicts.now(packet) !== verdicts.asked(packet))
      const kinds = drift.causes.map(({kind}) => kind)
      if (changed.length > 0 || !one.kinds.includes('foreignRule'))
        expect({what: one.what, kinds}).toEqual({
          what: one.what,
          kinds: expect.arrayContaining([expect.toBeOneOf([...one.kinds])]),
        })
      for (const cause of drift.causes) expectTrue(cause, {drift, ...verdicts})
      const opens = changed.some(packet => verdicts.now(packet) === 'accept')
      const closes = changed.some(packet => verdicts.now(packet) === 'drop')
      expect({
        opens: drift.causes.some(cause => cause.opens.length > 0),
        closes: drift.causes.some(cause => cause.closes.length > 0),
      }).toMatchObject({...(opens && {opens}), ...(closes && {closes})})
    },
  )

  propertyTest.prop([cluster, fault, fault], {numRuns: 150})('in two ways is told both', async (objects, one, other) => {
    fc.pre(one.what !== other.what)
    const {drift, ...verdicts} = await judged(objects, [one, other])
    for (const cause of drift.causes) expectTrue(cause, {drift, ...verdicts})
    const changed = [...packetsOf(objects)].filter(packet => verdicts.now(packet) !== verdicts.asked(packet))
    const [open] = changed.filter(packet => verdicts.now(packet) === 'accept')
    if (open) expect({open, causes: drift.causes.filter(({opens}) => opens.length > 0)}).not.toEqual({open, causes: []})
    const [closed] = changed.filter(packet => verdicts.now(packet) === 'drop')
    if (closed) expect({closed, causes: drift.causes.filter(({closes}) => closes.length > 0)}).not.toEqual({closed, causes: []})
  })

  propertyTest.prop([cluster, fault, fault], {numRuns: 100})(
    'is told the truth where not all packets can be tried',
    async (objects, one, other) => {
      const {drift, ...verdicts} = await judged(objects, one.what === other.what ? [one] : [one, other], {mostAddresses: 0})
      for (const cause of drift.causes) expectTrue(cause, {drift, ...verdicts})
    },
  )

  propertyTest.prop([cluster, fc.array(fault, {maxLength: 2})], {numRuns: 200})(
    'or not, is never clean where a packet is judged otherwise than the policies say',
    async (objects, faults) => {
      const {drift, now} = await judged(objects, faults)
      const evaluator = new Evaluator(objects)
      const otherwise = [...packetsOf(objects)].filter(packet => {
        const {verdict} = evaluator.evaluate(packet)
        return verdict !== 'unknown' && now(packet) !== 'unknown' && now(packet) !== verdict
      })
      expect({clean: drift.clean, otherwise: otherwise.slice(0, 1)}).not.toMatchObject({clean: true, otherwise: [{}]})
    },
  )
})
