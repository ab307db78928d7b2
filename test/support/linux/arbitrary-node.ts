import {fc} from '@fast-check/vitest'
import {compile} from '../../../core/linux/compile/compile.ts'
import type {LinuxProgram} from '../../../core/linux/npm/program.ts'
import type {CompileOptions} from '../../../core/policy/program.ts'
import {releaseLines} from '../../../core/policy/release.ts'
import {cluster} from '../arbitrary-cluster.ts'
import {linesOf, type NodeLines} from '../node-of.ts'

/** Every Azure NPM there is. */
export const azureNpm = fc.constantFrom<Omit<CompileOptions, 'semantics'>>(
  {scheme: 'sha256'},
  {scheme: 'sha256'},
  {scheme: 'fnv32a'},
  {scheme: 'sha256', generation: 'v1'},
  {scheme: 'fnv32a', generation: 'v1', release: 'v1.2.8'},
  ...releaseLines.map(release => ({scheme: 'fnv32a', release}) as const),
)

const place = fc.double({min: 0, max: 1, noNaN: true})
const pick = (lines: readonly string[], where: number) => Math.min(lines.length - 1, Math.floor(where * lines.length))
const replaced = (lines: readonly string[], at: number, ...by: readonly string[]) => lines.toSpliced(at, 1, ...by)

/** Something that somebody did to a node by hand. */
export type Damage = (lines: NodeLines) => NodeLines

const onRule = (change: (rules: readonly string[], at: number) => readonly string[]) =>
  place.map(
    (where): Damage =>
      ({rules, sets}) => {
        const own = rules.filter(line => line.startsWith('-A AZURE-NPM'))
        const at = rules.indexOf(own[pick(own, where)] ?? '')
        return {sets, rules: at < 0 ? rules : change(rules, at)}
      },
  )

const onMember = (change: (sets: readonly string[], at: number) => readonly string[]) =>
  place.map(
    (where): Damage =>
      ({rules, sets}) => {
        const members = sets.filter(line => line.startsWith('add '))
        const at = sets.indexOf(members[pick(members, where)] ?? '')
        return {rules, sets: at < 0 ? sets : change(sets, at)}
      },
  )

const onSet = (type: string, change: (sets: readonly string[], at: number, name: string) => readonly string[]) =>
  place.map(
    (where): Damage =>
      ({rules, sets}) => {
        const created = sets.filter(line => line.startsWith('create ') && line.includes(type))
        const line = created[pick(created, where)] ?? ''
        const at = sets.indexOf(line)
        return {rules, sets: at < 0 ? sets : change(sets, at, line.split(' ')[1] ?? '')}
      },
  )

const strangers = ['10.1.0.1', '10.1.0.2', '10.1.0.3', '203.0.113.5', '10.1.0.0/24', '10.1.0.0/25 nomatch', '10.1.0.2 nomatch']
const entry = (line: string) => line.split(' ')[2]

const LEFT_CHAIN = ':AZURE-NPM-TARGET-SETS - [0:0]'

export const damage: fc.Arbitrary<Damage> = fc.oneof(
  onRule((rules, at) => replaced(rules, at)),
  onRule((rules, at) => replaced(rules, at, rules[at] as string, rules[at] as string)),
  fc
    .tuple(
      onRule((rules, at) => [...rules.slice(0, at), 'NEW', ...rules.slice(at)]),
      fc.constantFrom('-s 10.1.0.1/32 -j ACCEPT', '-p tcp -m tcp --dport 80 -j DROP', '-d 203.0.113.0/24 -j DROP', '-j RETURN'),
    )
    .map(
      ([insert, body]): Damage =>
        lines => {
          const {rules, sets} = insert(lines)
          const at = rules.indexOf('NEW')
          return {sets, rules: at < 0 ? rules : replaced(rules, at, `-A ${rules[at + 1]?.split(' ')[1]} ${body}`)}
        },
    ),
  onMember((sets, at) => replaced(sets, at)),
  onSet('hash:net', (sets, _, name) => sets.filter(line => !line.startsWith(`add ${name} `))),
  fc.tuple(fc.constantFrom(...strangers), place).map(
    ([member, where]): Damage =>
      ({rules, sets}) => {
        const created = sets.filter(line => line.includes(' hash:net '))
        const name = created[pick(created, where)]?.split(' ')[1]
        if (name === undefined) return {rules, sets}
        const others = sets.filter(line => !line.startsWith(`add ${name} `) || entry(line) !== member.split(' ')[0])
        const at = others.findIndex(line => line.startsWith(`create ${name} `))
        return {rules, sets: others.toSpliced(at + 1, 0, `add ${name} ${member}`)}
      },
  ),
  onSet('maxelem', (sets, at) => replaced(sets, at, (sets[at] as string).replace(/maxelem \d+/, 'maxelem 4000'))),
  onSet('hash:net', (sets, at, name) =>
    replaced(sets, at, `create ${name} hash:ip family inet hashsize 1024 maxelem 65536`).filter(
      line => !line.startsWith(`add ${name} `) || !/[/ ]/.test(line.slice(`add ${name} `.length)),
    ),
  ),
  fc.constant<Damage>(({rules, sets}) => ({sets, rules: rules.filter(line => !line.startsWith('-A FORWARD'))})),
  // What another generation left behind: no packet comes there, and it names a set.
  place.map(
    (where): Damage =>
      ({rules, sets}) => {
        const created = sets.filter(line => line.includes(' hash:net '))
        const name = created[pick(created, where)]?.split(' ')[1]
        const at = rules.findIndex(line => line.startsWith('-A '))
        if (name === undefined || at < 0 || rules.includes(LEFT_CHAIN)) return {rules, sets}
        return {
          sets,
          rules: rules.toSpliced(at, 0, LEFT_CHAIN, `-A AZURE-NPM-TARGET-SETS -m set --match-set ${name} src -j DROP`),
        }
      },
  ),
  fc.constant<Damage>(({rules, sets}) => ({
    sets,
    rules: rules.flatMap(line => (line.startsWith('-A FORWARD') ? ['-A FORWARD -s 10.9.0.0/16 -j DROP', line, line] : [line])),
  })),
  fc.constant<Damage>(({rules, sets}) => ({
    sets,
    rules: rules.flatMap(line =>
      line.startsWith('-A FORWARD')
        ? [line, '-A FORWARD -d 10.1.0.2/32 -p udp -j DROP', line.replace(' -m conntrack --ctstate NEW', '')]
        : [line],
    ),
  })),
)

/** One to three things that somebody did to a node. */
export const damages: fc.Arbitrary<Damage> = fc
  .array(damage, {minLength: 1, maxLength: 3})
  .map(all => lines => all.reduce((changed, change) => change(changed), lines))

/** What a node has that Azure NPM programmed and that somebody changed by hand, in a few places or none. */
export const damagedNode: fc.Arbitrary<{readonly lines: NodeLines; readonly program: LinuxProgram}> = fc
  .tuple(cluster, azureNpm, fc.array(damage, {maxLength: 3}))
  .map(([objects, options, damages]) => {
    const program = compile(objects, {...options, semantics: 'npm'})
    return {program, lines: damages.reduce((lines, change) => change(lines), linesOf(program))}
  })

export const arbitraryNode: fc.Arbitrary<NodeLines> = damagedNode.map(({lines}) => lines)
