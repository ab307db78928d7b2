import {fc, test} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import {indexIptablesSave} from '../../../../core/linux/iptables/save-index.ts'
import {SavedChains} from '../../../../core/linux/iptables/saved-chains.ts'
import {savedRules} from '../../../../core/linux/walk/node-rules.ts'
import {walk} from '../../../../core/linux/walk/walk.ts'
import type {Packet, Verdict} from '../../../../core/net/packet.ts'
import {SetIndex} from '../../../../core/sets/set-index.ts'

/*
 * Random chains with jumps, gotos, returns, circles, marks and unknown conditions, walked here in the plainest way: every
 * outcome of every unknown condition, with a stack of its own, until there is a verdict or too many steps.
 */

const packet: Packet = {source: '10.0.0.1', destination: '10.0.0.2', protocol: 'tcp', port: 80}
const CHAINS = 6
const MOST_STEPS = 1000

const condition = fc.constantFrom('', '', '-p udp', '-i eth0', '-m mark --mark 0x1/0x1', '-m mark ! --mark 0x3/0x3')
const chain = fc.nat(CHAINS - 1).map(number => `C${number}`)
const target = fc.oneof(
  {weight: 3, arbitrary: chain.map(name => `-j ${name}`)},
  {weight: 1, arbitrary: chain.map(name => `-g ${name}`)},
  {weight: 2, arbitrary: fc.constantFrom('-j RETURN', '-j ACCEPT', '-j DROP', '')},
  {weight: 1, arbitrary: fc.constantFrom('-j MARK --set-xmark 0x1/0x1', '-j MARK --set-xmark 0x2/0x2')},
)
interface Line {
  readonly condition: string
  readonly target: string
}
const rules = fc.array(fc.record({condition, target}), {maxLength: 4})
const program = fc.record({
  policy: fc.constantFrom('ACCEPT', 'DROP'),
  forward: rules,
  chains: fc.array(rules, {minLength: CHAINS, maxLength: CHAINS}),
})
type Program = typeof program extends fc.Arbitrary<infer Value> ? Value : never

const linesOf = ({policy, forward, chains}: Program): string => {
  const named: [string, readonly Line[]][] = [
    ['FORWARD', forward],
    ...chains.map((lines, at) => [`C${at}`, lines] as [string, readonly Line[]]),
  ]
  return [
    '*filter',
    ...named.map(([name]) => `:${name} ${name === 'FORWARD' ? policy : '-'} [0:0]`),
    ...named.flatMap(([name, lines]) =>
      lines.map(line => `-A ${name} ${line.condition} ${line.target}`.replaceAll(/ +/g, ' ').trimEnd()),
    ),
    'COMMIT\n',
  ].join('\n')
}

/** One way through the rules: where it is, the mark, and where returns lead. */
interface Way {
  readonly lines: readonly Line[]
  readonly at: number
  readonly mark: number
  readonly callers: readonly {readonly lines: readonly Line[]; readonly at: number}[]
}

interface Reference {
  readonly verdicts: ReadonlySet<Verdict>
  /** Whether there were unknown conditions, or more chains in each other than are walked. */
  readonly isPlain: boolean
  readonly isComplete: boolean
}

/** Every verdict that is possible. */
function reference({policy, forward, chains}: Program): Reference {
  const verdicts = new Set<Verdict>()
  const final: Verdict = policy === 'DROP' ? 'drop' : 'accept'
  let isPlain = true
  const ways: Way[] = [{lines: forward, at: 0, mark: 0, callers: []}]
  let steps = 0
  for (let way = ways.pop(); way; way = ways.pop()) {
    if (++steps > MOST_STEPS) return {verdicts, isPlain, isComplete: false}
    const {lines, at, mark, callers} = way
    const line = lines[at]
    const caller = callers.at(-1)
    const back = () => (caller ? ways.push({...way, ...caller, callers: callers.slice(0, -1)}) : verdicts.add(final))
    if (!line) {
      back()
      continue
    }
    const next = {...way, at: at + 1}
    const holds: Record<string, boolean | undefined> = {
      '': true,
      '-p udp': false,
      '-m mark --mark 0x1/0x1': (mark & 1) === 1,
      '-m mark ! --mark 0x3/0x3': mark !== 3,
    }
    const truth = holds[line.condition]
    // A rule without a target does nothing, whether it matches or not.
    if (truth === false || line.target === '') {
      ways.push(next)
      continue
    }
    if (truth === undefined) {
      isPlain = false
      ways.push(next)
    }
    if (callers.length > 60) isPlain = false
    const [flag, name = ''] = line.target.split(' ')
    const value = /0x(\d)\//.exec(line.target)?.[1]
    if (name === 'DROP') verdicts.add('drop')
    else if (name === 'ACCEPT') verdicts.add('accept')
    else if (name === 'RETURN') back()
    else if (name === 'MARK') ways.push({...next, mark: mark | Number(value)})
    else
      ways.push({
        lines: chains[Number(name.slice(1))] ?? [],
        at: 0,
        mark,
        callers: flag === '-g' ? callers : [...callers, {lines, at: at + 1}],
      })
  }
  return {verdicts, isPlain, isComplete: true}
}

const walkOf = (given: Program, limits?: {rules: number; matches: number}) =>
  walk(savedRules(new SavedChains(indexIptablesSave([linesOf(given)]))), new SetIndex(new Map()), packet, limits && {limits})

describe('random chains', () => {
  test.prop([program], {numRuns: 500})('a walk ends with the verdict of a plain one, or does not know', given => {
    const {verdict, reason} = walkOf(given)
    const {verdicts, isPlain, isComplete} = reference(given)
    if (verdict === 'unknown') {
      expect(reason).toBeDefined()
      if (isComplete && isPlain) expect.fail(`it is ${[...verdicts].join()}, and the walk does not know: ${reason}`)
    } else if (isComplete) expect([...verdicts]).toEqual([verdict])
    else for (const possible of verdicts) expect(possible).toBe(verdict)
  })

  test.prop([program, fc.nat(40), fc.nat(40)], {numRuns: 2000})(
    'a walk with smaller limits has the same verdict, or does not know',
    (given, most, matches) => {
      const limited = walkOf(given, {rules: most, matches})
      if (limited.verdict === 'unknown') expect(limited.reason).toBeDefined()
      else expect(limited).toEqual(walkOf(given))
    },
  )
})
