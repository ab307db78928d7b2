import {fc, test} from '@fast-check/vitest'
import {expect, test as plain} from 'vitest'
import {readRuleCounters} from '../../../core/linux/counters/read-counters.ts'
import {Increments, type RuleOwner, type SavedIncrements} from '../../../core/live/increments.ts'

/** A kernel with rules of two policies: it counts packets of 100 bytes, and knows how many there really were. */
class Kernel {
  rules: {text: string; packets: number}[] = []
  seen = 0
  readonly truth = new Map<string, number>()
  connections = 0
  dropped = 0

  hit(index: number, packets: number): void {
    const rule = this.rules[index % this.rules.length]
    if (!rule) return
    rule.packets += packets
    const owner = ownerOf(rule.text)
    if (owner) this.truth.set(keyOf(owner), (this.truth.get(keyOf(owner)) ?? 0) + packets)
    if (rule.text.startsWith('-A FORWARD')) this.connections += packets
    if (rule.text.endsWith('-j DROP')) this.dropped += packets
  }

  save = () =>
    readRuleCounters([
      `*filter\n${this.rules.map(({text, packets}) => `[${packets}:${packets * 100}] ${text}`).join('\n')}\nCOMMIT\n`,
    ])
}

const keyOf = ({policy, direction, verdict}: RuleOwner) => `${policy} ${direction} ${verdict}`

function ownerOf(rule: string): RuleOwner | undefined {
  const [, direction, policy] = /^-A AZURE-NPM-(INGRESS|EGRESS)-(\d+) /.exec(rule) ?? []
  if (policy === undefined) return undefined
  return {
    policy: `shop/p${policy}`,
    direction: direction === 'INGRESS' ? 'Ingress' : 'Egress',
    verdict: rule.includes('MARK --set') ? 'drop' : 'allow',
  }
}

const policy = (number: number) => [
  `-A AZURE-NPM-INGRESS-${number} -p tcp -m tcp --dport 80 -j AZURE-NPM-INGRESS-ALLOW-MARK`,
  `-A AZURE-NPM-INGRESS-${number} -p tcp -m tcp --dport 80 -j AZURE-NPM-INGRESS-ALLOW-MARK`,
  `-A AZURE-NPM-INGRESS-${number} -j MARK --set-xmark 0x400/0x400`,
]
const base = [
  '-A FORWARD -m conntrack --ctstate NEW -j AZURE-NPM',
  '-A AZURE-NPM -j AZURE-NPM-INGRESS',
  '-A AZURE-NPM-INGRESS -m mark --mark 0x400/0x400 -j DROP',
]

const step = fc.oneof(
  fc.record({kind: fc.constant('hit' as const), index: fc.nat(20), packets: fc.nat(50)}),
  fc.record({kind: fc.constant('reset' as const)}),
  fc.record({kind: fc.constant('replace' as const), number: fc.constantFrom(1, 2)}),
  fc.record({kind: fc.constant('remove' as const), number: fc.constantFrom(1, 2)}),
  fc.record({kind: fc.constant('turn' as const)}),
  fc.record({kind: fc.constant('restart' as const)}),
)

test.prop([fc.array(step, {maxLength: 60})])('what was counted is never lost and never counted twice', steps => {
  const kernel = new Kernel()
  kernel.rules = [...base, ...policy(1), ...policy(2)].map(text => ({text, packets: 0}))
  let increments = new Increments()
  let nowMs = 0
  const read = () => {
    const {rules} = kernel
    increments.add(kernel.save(), number => ownerOf(rules[number]?.text ?? ''), (nowMs += 1000))
  }
  read()
  for (const each of steps) {
    // Reads come before whatever makes counters begin again: what is counted between is lost for everybody.
    read()
    if (each.kind === 'hit') kernel.hit(each.index, each.packets)
    if (each.kind === 'reset') for (const rule of kernel.rules) rule.packets = 0
    if (each.kind === 'replace' || each.kind === 'remove') {
      kernel.rules = kernel.rules.filter(({text}) => !policy(each.number).includes(text))
      if (each.kind === 'replace') kernel.rules.unshift(...policy(each.number).map(text => ({text, packets: 0})))
      else read()
    }
    // Rules that are equal keep their order: nothing else tells them apart.
    if (each.kind === 'turn') {
      const isFirst = ({text}: {text: string}) => policy(1).includes(text) || text === base[0]
      const moved = kernel.rules.findIndex(isFirst) === 0
      const [front, back] = [kernel.rules.filter(isFirst), kernel.rules.filter(rule => !isFirst(rule))]
      kernel.rules = moved ? [...back, ...front] : [...front, ...back]
    }
    if (each.kind === 'restart') increments = new Increments(JSON.parse(JSON.stringify(increments.save())) as SavedIncrements)
    read()
  }
  const found = new Map(increments.totals().flatMap(({packets, ...owner}) => (packets > 0 ? [[keyOf(owner), packets]] : [])))
  expect(found).toEqual(new Map([...kernel.truth].filter(([, packets]) => packets > 0)))
  expect(increments.node).toEqual({newConnections: kernel.connections, drops: kernel.dropped, dropBytes: kernel.dropped * 100})
  for (const {packets, bytes} of increments.totals()) expect(bytes).toBe(packets * 100)
})

plain('a reset shows in the bytes where more packets came since', () => {
  const increments = new Increments()
  const owner = {policy: 'shop/p1', direction: 'Ingress', verdict: 'drop'} as const
  const add = (packets: number, bytes: number) =>
    increments.add(readRuleCounters([`*filter\n[${packets}:${bytes}] ${policy(1)[2]}\nCOMMIT\n`]), () => owner, 0)
  add(2, 3000)
  add(3, 180)
  expect(increments.totals()).toEqual([{...owner, packets: 5, bytes: 3180}])
})

plain('what the kernel went on to count while nobody read is added by who goes on', () => {
  const kernel = new Kernel()
  kernel.rules = [...base, ...policy(1)].map(text => ({text, packets: 0}))
  const first = new Increments()
  const owners = (number: number) => ownerOf(kernel.rules[number]?.text ?? '')
  kernel.hit(3, 7)
  first.add(kernel.save(), owners, 0)
  kernel.hit(3, 5)
  const second = new Increments(first.save())
  second.add(kernel.save(), owners, 1000)
  expect(second.totals()).toContainEqual({policy: 'shop/p1', direction: 'Ingress', verdict: 'allow', packets: 12, bytes: 1200})
})

plain('totals of a policy that has gone are kept for an hour', () => {
  const kernel = new Kernel()
  kernel.rules = [...base, ...policy(1)].map(text => ({text, packets: 1}))
  const increments = new Increments()
  const owners = (number: number) => ownerOf(kernel.rules[number]?.text ?? '')
  increments.add(kernel.save(), owners, 0)
  kernel.rules = kernel.rules.slice(0, base.length)
  increments.add(kernel.save(), owners, 3_600_000)
  expect(increments.totals().map(({verdict, packets}) => ({verdict, packets}))).toEqual([
    {verdict: 'allow', packets: 2},
    {verdict: 'drop', packets: 1},
  ])
  increments.add(kernel.save(), owners, 3_600_001)
  expect(increments.totals()).toEqual([])
})
