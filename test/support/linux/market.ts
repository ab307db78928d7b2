import type {ClusterObjects, NetworkPolicy, Pod} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {setKernelName} from '../../../core/names/kernel-name.ts'
import {linesOf, type NodeLines} from '../node-of.ts'

/*
 * A node with pods that policies select and pods that none does, and what goes wrong with it.
 */

const names = ['web-0', 'web-1', 'api-0', 'api-1', 'db-0', 'db-1', 'free-0', 'free-1'] as const
type PodName = (typeof names)[number]
const addressOf = (name: PodName): string => `10.80.0.${names.indexOf(name) + 1}`
export const marketPods = names.map(name => ({name, ip: addressOf(name)}))
export const marketPorts = [80, 81] as const

/** Two pods that no policy selects; other programs drop what is sent the other way. */
export const alwaysAllowed = [names.indexOf('free-0'), names.indexOf('free-1'), 80] as const

const pod = (name: PodName, app = name.split('-')[0] ?? ''): Pod => ({
  metadata: {namespace: app === 'free' ? 'plaza' : 'market', name, labels: {app, tier: app === 'web' ? 'front' : 'back'}},
  spec: {nodeName: 'aks-1'},
  status: {phase: 'Running', podIP: addressOf(name)},
})

const namespace = (name: string) => ({metadata: {name, labels: {'kubernetes.io/metadata.name': name}}})
const policy = (name: string, spec: NetworkPolicy['spec']): NetworkPolicy => ({metadata: {namespace: 'market', name}, spec})
const apps = (...values: string[]) => ({podSelector: {matchExpressions: [{key: 'app', operator: 'In' as const, values}]}})
const app = (value: string) => ({podSelector: {matchLabels: {app: value}}})
const to80 = [{protocol: 'TCP' as const, port: 80}]

const dbFromApi = policy('db-from-api', {...app('db'), policyTypes: ['Ingress'], ingress: [{from: [app('api')], ports: to80}]})
const apiFromWeb = policy('api-from-web', {
  ...app('api'),
  policyTypes: ['Ingress'],
  ingress: [{from: [app('web'), {ipBlock: {cidr: '10.80.0.7/32'}}], ports: to80}],
})
const webToApi = policy('web-to-api', {...app('web'), policyTypes: ['Egress'], egress: [{to: [app('api')]}]})

const market = (policies: readonly NetworkPolicy[], pods = names.map(name => pod(name))): ClusterObjects => ({
  namespaces: ['market', 'plaza'].map(namespace),
  nodes: [],
  pods,
  policies: [...policies],
})

const today = market([dbFromApi, apiFromWeb, webToApi])
const relabelled = market(
  today.policies,
  names.map(name => pod(name, name === 'web-1' ? 'api' : name === 'api-1' ? 'db' : undefined)),
)
/** What both allow: from api to db and from web to api, port 80. What both deny: from web to db. */
const rewritten = market([
  policy('db-from-api', {
    ...apps('db', 'cache'),
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{from: [apps('api', 'batch')], ports: [...to80, {protocol: 'TCP', port: 81}]}],
    egress: [{to: [app('db')]}],
  }),
  policy('api-from-front', {
    ...app('api'),
    policyTypes: ['Ingress'],
    ingress: [{from: [{podSelector: {matchLabels: {tier: 'front'}}}], ports: to80}],
  }),
  policy('front-egress', {
    podSelector: {matchLabels: {tier: 'front'}},
    policyTypes: ['Egress'],
    egress: [{to: [apps('api', 'batch')]}],
  }),
])

/** What other programs have, before and behind the jump. It judges new connections only, as Azure NPM does. */
const FIRST = [
  '-A FORWARD -m comment --comment "of another program" -j OTHER',
  `-A OTHER -s ${addressOf('free-1')}/32 -d ${addressOf('free-0')}/32 -m conntrack --ctstate NEW -j DROP`,
]
const LAST = [`-A FORWARD -d ${addressOf('web-0')}/32 -p tcp -m tcp --dport 81 -m conntrack --ctstate NEW -j DROP`]

const programmed = (objects: ClusterObjects): NodeLines => linesOf(compile(objects, {scheme: 'sha256', semantics: 'npm'}))

/** What a node has with these lines, as texts for the tools. */
export function loaded({rules, sets}: NodeLines): {readonly rules: string; readonly sets: string} {
  const first = rules.findIndex(line => line.startsWith('-A '))
  const at = first < 0 ? rules.length - 1 : first
  const all = [...rules.slice(0, at), ':OTHER - [0:0]', ...FIRST, ...rules.slice(at, -1), ...LAST, 'COMMIT']
  return {rules: `${all.join('\n')}\n`, sets: `${sets.join('\n')}\n`}
}

/** A node that has something, and what its policies ask for. */
export interface Repair {
  readonly what: string
  readonly lines: NodeLines
  readonly objects: ClusterObjects
}

const NEW = '-A FORWARD -m conntrack --ctstate NEW -j AZURE-NPM'
const set = (name: string): string => setKernelName(name, 'sha256')
const member = (name: string, pod: PodName): string => `add ${set(name)} ${addressOf(pod)}`
const [api, db, web] = ['podlabel-app:api', 'podlabel-app:db', 'podlabel-app:web'] as const

type Damage = (lines: NodeLines) => NodeLines
const onRules =
  (change: (rules: readonly string[]) => readonly string[]): Damage =>
  ({rules, sets}) => ({sets, rules: change(rules)})
const onSets =
  (change: (sets: readonly string[]) => readonly string[]): Damage =>
  ({rules, sets}) => ({rules, sets: change(sets)})
const without =
  (...texts: readonly string[]) =>
  (lines: readonly string[]) =>
    lines.filter(line => !texts.some(text => line.includes(text)))
/** Behind its creation, as a list may name it only then. */
const withMembers =
  (...members: readonly string[]) =>
  (lines: readonly string[]) =>
    members.reduce(
      (all, each) => all.toSpliced(all.findIndex(line => line.startsWith(`create ${each.split(' ')[1]} `)) + 1, 0, each),
      lines,
    )
const withBehind =
  (mark: string, ...more: readonly string[]) =>
  (lines: readonly string[]) => {
    const at = lines.findIndex(line => line.startsWith(mark))
    return lines.toSpliced(at + 1, 0, ...more)
  }
const chainOf = (lines: readonly string[], name: string): string =>
  /-j (\S+)$/.exec(lines.find(line => line.includes(`POLICY-market/${name}-`)) ?? '')?.[1] ?? ''

const emptied: Damage = onRules(rules => without(`-A ${chainOf(rules, 'db-from-api')} `)(rules))
const loses: Damage = onSets(without(member(api, 'api-1'), member(db, 'db-1'), member(web, 'web-1')))
const gains: Damage = onSets(withMembers(member(api, 'free-1'), member(web, 'db-0'), member(db, 'free-0')))
const jumpFirst: Damage = onRules(rules => {
  const at = rules.findIndex(line => line.startsWith('-A '))
  return without(NEW)(rules).toSpliced(at, 0, NEW)
})
const otherRule: Damage = onRules(rules =>
  rules.map(line => line.replace('--dport 80 ', '--dport 81 ').replace('TCP-TO-PORT-80', 'TCP-TO-PORT-81')),
)
const wrongOrder: Damage = onRules(rules => {
  const chain = chainOf(rules, 'api-from-web')
  const own = rules.filter(line => line.startsWith(`-A ${chain} `))
  let at = own.length
  return rules.map(line => (own.includes(line) ? (own[--at] as string) : line))
})
const leftOver: Damage = onRules(rules =>
  withBehind(
    '-A AZURE-NPM -j AZURE-NPM-ACCEPT',
    `-A AZURE-NPM-INGRESS -m set --match-set ${set(web)} dst -j AZURE-NPM-INGRESS-7`,
    '-A AZURE-NPM-INGRESS-7 -j MARK --set-xmark 0x400/0x400',
  )(rules.toSpliced(2, 0, ':AZURE-NPM-INGRESS-7 - [0:0]')),
)
const otherType: Damage = onSets(sets =>
  sets.map(line =>
    line.startsWith(`create ${set(api)} `) ? `create ${set(api)} hash:ip family inet hashsize 1024 maxelem 65536` : line,
  ),
)
const many: Damage = onSets(sets =>
  [api, web, db].reduce<readonly string[]>(
    (all, name) =>
      withMembers(...Array.from({length: 300}, (_, index) => `add ${set(name)} 10.81.${index >> 7}.${index & 127}`))(all),
    without(member(api, 'api-1'), member(web, 'web-1'))(sets),
  ),
)

const damaged = (what: string, ...damages: readonly Damage[]): Repair => ({
  what,
  objects: today,
  lines: damages.reduce((lines, damage) => damage(lines), programmed(today)),
})

/** Every kind of repair. */
export const repairs: readonly Repair[] = [
  damaged('members are missing in several sets', loses),
  damaged('members are too much in several sets', gains),
  damaged('members are missing and others are too much', loses, gains),
  damaged('many members are wrong', many),
  damaged('a set has another type', otherType, loses),
  damaged('the chain of a policy is empty', emptied),
  damaged('rules of policies are changed', otherRule),
  damaged('rules of a policy are in another order', wrongOrder),
  damaged('a chain is left over', leftOver),
  damaged('the jump is gone', onRules(without(NEW))),
  damaged('the jump is not where it belongs', jumpFirst),
  damaged('there are two jumps', onRules(withBehind(NEW, NEW))),
  damaged('the whole program is lost', () => ({rules: ['*filter', ':FORWARD ACCEPT [0:0]', 'COMMIT'], sets: []})),
  damaged('several things at once', loses, gains, otherType, emptied, leftOver, jumpFirst),
  {what: 'pods have other labels', lines: programmed(today), objects: relabelled},
  {what: 'policies are changed', lines: programmed(today), objects: rewritten},
  {what: 'policies are changed and members were wrong', lines: otherType(gains(loses(programmed(today)))), objects: rewritten},
]
