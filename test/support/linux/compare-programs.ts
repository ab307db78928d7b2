import {readFileSync} from 'node:fs'
import {parse} from 'yaml'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {readClusterObjects} from '../../../core/kubernetes/read-objects.ts'
import type {MatchSet} from '../../../core/linux/ipset/model.ts'
import {parseIpsetSave} from '../../../core/linux/ipset/parse-save.ts'
import type {Match, Rule} from '../../../core/linux/iptables/model.ts'
import {parseIptablesSave} from '../../../core/linux/iptables/parse.ts'
import {printMatch, printTarget} from '../../../core/linux/iptables/print.ts'
import type {LinuxProgram, ProgramRule} from '../../../core/linux/npm/program.ts'

const fixtures = new URL('../../fixtures/', import.meta.url)
const text = (path: string): string => readFileSync(new URL(path, fixtures), 'utf8')

/** The objects in a file of test/fixtures, JSON or YAML. */
export function objectsOf(path: string): ClusterObjects {
  const {objects, problems} = readClusterObjects(parse(text(path)))
  if (problems.length > 0) throw new Error(problems.map(({message}) => message).join('; '))
  return objects
}

/** A rule as iptables keeps it: comments are cut. */
const kept = (rule: string): string =>
  rule.replace(/--comment "([^"]*)"/, (_, comment: string) => `--comment "${comment.slice(0, 255)}"`)

/** A rule as iptables-save prints it. */
export const ruleText = ({chain, matches, target}: ProgramRule | Rule): string =>
  kept(`-A ${chain} ${[...matches.map(printMatch), ...(target ? [printTarget(target)] : [])].join(' ')}`)

/** Names of pod and namespace labels come from a Go map, so their places in matches and comments are free. */
function inOneOrder(rule: ProgramRule | Rule): string {
  const parts = rule.matches.map((match: Match) => {
    if (match.kind !== 'comment') return printMatch(match)
    const words = match.text.slice(0, 255).split(/-(?:AND|TO|FROM)-|-(?=IN-ns-|ON-)/)
    return `// ${words.toSorted().join(' ')}`
  })
  return [rule.chain, ...parts.toSorted(), rule.target ? printTarget(rule.target) : ''].join(' ')
}

/** What a program or a node holds, in one order: only what may not differ is left. */
export interface Held {
  /** Name, type and members of each set. */
  readonly sets: readonly string[]
  /** Rules of each chain; jumps to policies first, sorted. */
  readonly chains: Readonly<Record<string, readonly string[]>>
}

const setText = (name: string, type: string, members: readonly string[]): string =>
  `${name} ${type} ${members.toSorted().join(' ')}`

const POLICY_JUMP = /-j AZURE-NPM-(?:IN|E)GRESS-(?!ALLOW-MARK)/

function chainText(rules: readonly (ProgramRule | Rule)[]): string[] {
  const texts = rules.map(inOneOrder)
  return [...texts.filter(rule => POLICY_JUMP.test(rule)).toSorted(), ...texts.filter(rule => !POLICY_JUMP.test(rule))]
}

export function heldByProgram(program: LinuxProgram): Held {
  const chains = new Map<string, readonly ProgramRule[]>([...program.baseChains, ['FORWARD', [program.jump]]])
  for (const policy of program.policies)
    for (const {chain, rules} of policy.chains) chains.set(chain, [...(chains.get(chain) ?? []), ...rules])
  return {
    sets: [...program.sets.values()]
      .map(({kernelName, ipsetType, members}) => setText(kernelName, ipsetType, members))
      .toSorted(),
    chains: Object.fromEntries([...chains].map(([name, rules]) => [name, chainText(rules)])),
  }
}

/** What dumps say of Azure NPM: its sets, its chains, its rule in FORWARD. */
export function heldByNode(sets: string, rules: string): Held {
  const filter = parseIptablesSave([rules]).tables.get('filter')
  const chains = [...(filter?.chains.values() ?? [])].filter(({name}) => name.startsWith('AZURE-NPM'))
  const forward = filter?.chains
    .get('FORWARD')
    ?.rules.filter(({target}) => target?.kind === 'jump' && target.chain === 'AZURE-NPM')
  return {
    sets: parseIpsetSave([sets])
      .sets.filter(({name}) => name.startsWith('azure-npm-'))
      .map(({name, type, members}) => setText(name, type, members.map(memberText)))
      .toSorted(),
    chains: Object.fromEntries([
      ...chains.map(({name, rules}) => [name, chainText(rules)] as const),
      ['FORWARD', chainText(forward ?? [])] as const,
    ]),
  }
}

const memberText = ({entry, nomatch}: MatchSet['members'][number]): string => (nomatch ? `${entry} nomatch` : entry)

/** What the kept dumps of a folder of test/fixtures say. */
export const heldInFolder = (folder: string, rules = 'iptables-save.txt'): Held =>
  heldByNode(text(`${folder}/ipset-save.txt`), text(`${folder}/${rules}`))

export const setsInFolder = (folder: string): readonly string[] => heldByNode(text(`${folder}/ipset-save.txt`), '').sets
