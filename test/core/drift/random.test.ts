import {isDeepStrictEqual} from 'node:util'
import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import type {DriftItem} from '../../../core/contract/drift.ts'
import {linux} from '../../../core/dataplanes.ts'
import {compareNode} from '../../../core/drift/compare-node.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import type {LinuxNode} from '../../../core/linux/node-state.ts'
import {linuxReleaseFacts} from '../../../core/linux/npm/release-facts.ts'
import type {Packet} from '../../../core/net/packet.ts'
import type {CompileOptions} from '../../../core/policy/program.ts'
import {releaseLines} from '../../../core/policy/release.ts'
import {cluster, packetsOf} from '../../support/arbitrary-cluster.ts'
import {linesOf, type NodeLines} from '../../support/node-of.ts'
import {packetOf} from '../../support/packet-text.ts'

async function dumpOf({rules, sets}: NodeLines) {
  const document = (name: string, lines: readonly string[], kind: 'iptables-save' | 'ipset-save') => ({
    name,
    folder: '',
    text: [`${lines.join('\n')}\n`],
    kind,
  })
  const {nodes} = await readDump([document('rules', rules, 'iptables-save'), document('sets', sets, 'ipset-save')])
  return nodes[0] as (typeof nodes)[number]
}

/** One line of a node changed by hand. */
type Mutation = (lines: NodeLines) => NodeLines | undefined

const pick = (lines: readonly string[], where: number) => Math.min(lines.length - 1, Math.floor(where * lines.length))
const without = (lines: readonly string[], line: string | undefined) => lines.filter(each => each !== line)
const place = fc.double({min: 0, max: 1, noNaN: true})

const mutation: fc.Arbitrary<{what: string; apply: Mutation}> = fc.oneof(
  place.map(where => ({
    what: 'a member taken away',
    apply: (({rules, sets}) => {
      const members = sets.filter(line => line.startsWith('add '))
      const member = members[pick(members, where)]
      return member === undefined ? undefined : {rules, sets: without(sets, member)}
    }) as Mutation,
  })),
  fc.tuple(place, fc.constantFrom('10.1.0.1', '10.1.0.2', '10.1.0.3', '203.0.113.5', '10.1.0.77')).map(([where, address]) => ({
    what: 'a member too many',
    apply: (({rules, sets}) => {
      const created = sets.filter(line => line.includes(' hash:net '))
      const name = created[pick(created, where)]?.split(' ')[1]
      const line = `add ${name} ${address}`
      if (name === undefined || sets.some(each => each === line || each === `${line} nomatch`)) return undefined
      const at = sets.findIndex(each => each.startsWith(`create ${name} `)) + 1
      return {rules, sets: [...sets.slice(0, at), line, ...sets.slice(at)]}
    }) as Mutation,
  })),
  place.map(where => ({
    what: 'a rule or jump taken away',
    apply: (({rules, sets}) => {
      const all = rules.filter(line => line.startsWith('-A '))
      const at = rules.indexOf(all[pick(all, where)] ?? '')
      return at < 0 ? undefined : {rules: [...rules.slice(0, at), ...rules.slice(at + 1)], sets}
    }) as Mutation,
  })),
  fc
    .tuple(place, fc.constantFrom('-s 10.1.0.1/32 -j ACCEPT', '-p tcp -m tcp --dport 80 -j DROP', '-d 203.0.113.0/24 -j DROP'))
    .map(([where, body]) => ({
      what: 'a rule too many',
      apply: (({rules, sets}) => {
        const all = rules.filter(line => line.startsWith('-A AZURE-NPM'))
        const at = rules.indexOf(all[pick(all, where)] ?? '')
        const chain = rules[at]?.split(' ')[1]
        return chain === undefined ? undefined : {rules: [...rules.slice(0, at), `-A ${chain} ${body}`, ...rules.slice(at)], sets}
      }) as Mutation,
    })),
)

const verdicts = async (lines: NodeLines, packets: readonly Packet[]) => {
  const dump = await dumpOf(lines)
  if (dump.completeness.rules === 'absent') throw new Error('no rules')
  return packets.map(packet => dump.walk(packet).verdict)
}

/** Every Azure NPM there is. */
const azureNpm = fc.constantFrom<Omit<CompileOptions, 'semantics'>>(
  {scheme: 'sha256'},
  {scheme: 'fnv32a'},
  {scheme: 'sha256', generation: 'v1'},
  {scheme: 'fnv32a', generation: 'v1'},
  {scheme: 'fnv32a', generation: 'v1', release: 'v1.2.8'},
  ...releaseLines.map(release => ({scheme: 'fnv32a', release}) as const),
)
const compiled = (objects: ClusterObjects, options: Omit<CompileOptions, 'semantics'>) =>
  compile(objects, {...options, semantics: 'npm'})

describe('for any cluster', () => {
  propertyTest.prop([cluster, azureNpm], {numRuns: 200})(
    'a node as Azure NPM programs it is clean, and translates to the policies',
    async (objects, options) => {
      const program = compiled(objects, options)
      const dump = await dumpOf(linesOf(program))
      const {clean, items} = compareNode(objects, dump, {isProgramOnly: true})
      expect({clean, items}).toEqual({clean: true, items: []})
      // Without comments, or in NPM v1, which keeps the rules of all together, rules alone do not tell whose they are.
      if (options.generation === 'v1' || !linuxReleaseFacts(options.release).hasRuleComments) return
      const told = [...dump.translation().policies()]
      const asked = program.policies.flatMap(({policy, chains}) =>
        chains.map(({direction, rules}) => `${policy} ${direction} ${rules.length}`),
      )
      expect(told.map(({policy, direction, rules}) => `${policy} ${direction} ${rules.length}`).toSorted()).toEqual(
        asked.toSorted(),
      )
    },
  )

  propertyTest.prop([cluster, azureNpm, mutation], {numRuns: 400})(
    'any single change is found, with what it does',
    async (objects, options, {apply}) => {
      const lines = linesOf(compiled(objects, options))
      const changed = apply(lines)
      fc.pre(changed !== undefined)
      const dump = await dumpOf(changed)
      fc.pre(isComparedWith(lines, objects, dump))
      const drift = compareNode(objects, dump)
      expect(drift.items.length).toBeGreaterThan(0)
      const effects = new Set(drift.items.map(({effect}) => effect))
      const packets = [...packetsOf(objects)]
      const before = await verdicts(lines, packets)
      const after = await verdicts(changed, packets)
      const opens = packets.filter((_, index) => before[index] === 'drop' && after[index] === 'accept')
      const closes = packets.filter((_, index) => before[index] === 'accept' && after[index] === 'drop')
      if (opens.length > 0) expect({effects, opens: opens[0]}).toMatchObject({effects: new Set([...effects, 'open'])})
      else if (closes.length > 0) expect({effects, closes: closes[0]}).not.toMatchObject({effects: new Set(['none'])})
      await expectTrue(drift.items, lines, changed)
    },
  )

  propertyTest.prop([cluster, azureNpm, mutation], {numRuns: 100})(
    'what is said of a change is true where not all packets can be tried',
    async (objects, options, {apply}) => {
      const lines = linesOf(compiled(objects, options))
      const changed = apply(lines)
      fc.pre(changed !== undefined)
      const dump = await dumpOf(changed)
      fc.pre(isComparedWith(lines, objects, dump))
      const drift = compareNode(objects, dump, {mostAddresses: 0})
      await expectTrue(drift.items, lines, changed)
    },
  )
})

/**
 * Whether the changed node is compared with the program that it had. A change may take away the one line that told which release of
 * Azure NPM programmed the node; another release may have meant something else, and what the change did is then told of that.
 */
function isComparedWith(lines: NodeLines, objects: ClusterObjects, dump: Awaited<ReturnType<typeof dumpOf>>): boolean {
  // A node of lines may be opened as any data plane's; these are Linux's.
  const {program} = linux.expectedProgram(dump as LinuxNode, objects, {semantics: 'npm'})
  return isDeepStrictEqual(linesOf(program), lines)
}

/** What is claimed must be true of the very packet that is given as the example. */
async function expectTrue(items: readonly DriftItem[], lines: NodeLines, changed: NodeLines): Promise<void> {
  for (const {effect, example} of items) {
    if (effect === 'none' || items.length > 1) continue
    const packet = packetOf(example ?? '')
    const [was] = await verdicts(lines, [packet])
    const [is] = await verdicts(changed, [packet])
    expect({example, was, is}).toEqual({
      example,
      was: effect === 'open' ? 'drop' : 'accept',
      is: effect === 'open' ? 'accept' : 'drop',
    })
  }
}
