/** Pairs of command lines that differ in one flag, and so must differ in what they do. */

import {fixture} from './run-cli.ts'

/** A flag that changes something: behind `words` it is added as `flag`. */
export interface FlagCase {
  readonly words: readonly string[]
  /** The flag, its value and what else it needs. */
  readonly flag: readonly string[]
}

/** Another test shows that it changes something, which no single run does. */
export interface HeldElsewhere {
  readonly file: string
  /** Words of the name of the test. */
  readonly test: string
}

/** It changes nothing that a verb prints, and why. */
export interface WithoutEffect {
  readonly reason: string
}

export type Case = FlagCase | HeldElsewhere | WithoutEffect

const SHOP = fixture('../../examples/shop')
const SHOP_OBJECTS = `${SHOP}/cluster.json`
const OBJECTS = fixture('trace/harbour.json')
const NODE = fixture('captures/v2-base36-nft')
const CLUSTER = fixture('two-nodes/cluster.yaml')
const SMALL = fixture('compile/shared-set')
const LINT = fixture('lint/policies')
const LINT_CLUSTER = fixture('lint/cluster.yaml')
const RECORDING = fixture('pictures/top.jsonl')
const MIXER = fixture('policies/open-mixer.yaml')
const CONNECTIONS = fixture('flows/conntrack.txt')

/** How each verb asks a cluster: with agents that nobody can reach. */
const live: Readonly<Record<string, readonly string[]>> = {
  apply: ['apply', '--yes'],
  confirm: ['confirm'],
  describe: ['describe', 'shop/db-0'],
  diff: ['diff'],
  dump: ['dump', '-o', 'FOLDER/dump.tgz'],
  flows: ['flows', 'denied'],
  install: ['install', '--dry-run'],
  lint: ['lint', LINT, '--with-cluster'],
  matrix: ['matrix'],
  metrics: ['metrics'],
  policies: ['policies'],
  resolve: ['resolve', 'azure-npm-1'],
  rollback: ['rollback', '--yes'],
  sets: ['sets'],
  status: ['status'],
  // Nodes that cannot be watched are asked again and again: here there is none.
  top: ['top', '--once', '-l', 'pool=none'],
  trace: ['trace', '10.0.0.1', '10.0.0.2'],
  translate: ['translate'],
  uninstall: ['uninstall', '--yes', '--timeout', '1s'],
  verify: ['verify'],
  version: ['version'],
}

/** A run of each verb that ends well, and has something to paint where the verb paints. */
const well: Readonly<Record<string, readonly string[]>> = {
  apply: ['apply', '--local', '-f', SHOP_OBJECTS, '--dry-run'],
  compile: ['compile', CLUSTER],
  completion: ['completion'],
  confirm: ['confirm', '--local'],
  describe: ['describe', '10.7.0.12', '--from', OBJECTS],
  diff: ['diff', SHOP],
  dump: ['dump', '--from', NODE, '-o', 'FOLDER/dump', '--force'],
  flows: ['flows', 'denied', '--from', NODE, '--from', CONNECTIONS],
  install: ['install', '--explain'],
  lint: ['lint', LINT],
  matrix: ['matrix', '--from', OBJECTS, '--ports', '80'],
  metrics: ['metrics', '--from', SHOP, '--no-compare'],
  policies: ['policies', SHOP],
  resolve: ['resolve', 'app=web', 'azure-npm-1'],
  rollback: ['rollback', '--local', '--list'],
  sets: ['sets', '--from', NODE],
  status: ['status'],
  top: ['top', RECORDING, '--once'],
  trace: ['trace', 'storefront/till-0', 'bakery/oven-0', '--port', '8080', '--from', NODE],
  translate: ['translate', NODE],
  uninstall: ['uninstall', '--yes', '--timeout', '1s'],
  verify: ['verify', SHOP],
  version: ['version', '--client'],
}
const wellRun = (verb: string): readonly string[] => well[verb] ?? []

const flag = (words: readonly string[], ...added: string[]): FlagCase => ({words, flag: added})

/** Verbs whose answers are plain. */
const uncolored = new Set(['completion', 'dump', 'rollback', 'uninstall', 'version'])

/** By which the rows of `well` have another order. In the list of agents there is none: there it is one that is refused. */
const columns: Readonly<Record<string, string>> = {
  compile: 'rules',
  flows: 'from',
  metrics: 'value',
  policies: 'state',
  resolve: 'name',
  rollback: 'by',
  sets: 'members',
  status: 'nothing',
}

/** A run that ends with an error. */
function failing(verb: string): readonly string[] {
  const asking = live[verb]
  if (asking && verb !== 'lint') return [...asking, '--agent-namespace', 'Upper']
  return verb === 'completion' ? ['completion', '--install', '--dir', '/no/such/folder'] : [verb, '/no/such/file']
}

/** Flags that do the same for every verb that has them. */
export function sharedCase(verb: string, name: string): Case | undefined {
  const asking = live[verb] ?? []
  const cluster: Readonly<Record<string, readonly string[]>> = {
    kubeconfig: ['--kubeconfig', '/another'],
    context: ['--context', 'two'],
    cluster: ['--cluster', 'two'],
    user: ['--user', 'two'],
    as: ['--as', 'alice'],
    'as-group': ['--as', 'alice', '--as-group', 'readers'],
    'as-uid': ['--as', 'alice', '--as-uid', '7'],
    'request-timeout': ['--request-timeout', '1ms'],
    'agent-namespace': ['--agent-namespace', 'others'],
    via: ['--via', 'library'],
    pod: ['--pod', 'shop/db-0'],
    selector: ['-l', 'pool=one'],
    node: ['--node', 'aks-2'],
    local: ['--local'],
    from: ['--from', OBJECTS],
  }
  if (name === 'verbose') return flag(failing(verb), '-v')
  if (name === 'color')
    return uncolored.has(verb) ? {reason: 'it prints nothing in colours'} : flag(wellRun(verb), '--color', 'always')
  // Files do not change, and are refused with it. What it shows of nodes: test/plugin/commands/watch.test.ts.
  if (name === 'watch') return flag(wellRun(verb), '--watch')
  if (name === 'no-headers') return flag(wellRun(verb), '--no-headers')
  const column = columns[verb]
  if (name === 'sort-by' && column !== undefined) return flag(wellRun(verb), '--sort-by', column)
  if (name === 'no-pager') return {file: 'test/plugin/bundle.test.ts', test: 'a long answer on a terminal goes through the pager'}
  const added = cluster[name]
  if (added === undefined || asking.length === 0) return undefined
  // Acting with a group or a uid needs a user.
  const needs = name.startsWith('as-') ? ['--as', 'alice'] : []
  return flag([...asking, ...needs], ...added.slice(needs.length))
}

const repair = ['apply', '--local', '-f', SHOP_OBJECTS]
const planned = [...repair, '--dry-run']
const lintAll = ['lint', LINT]
const matrix = ['matrix', '--from', OBJECTS, '--ports', '80']
const traced = ['trace', 'storefront/till-0', 'bakery/oven-0', '--from', NODE]
const once = ['top', RECORDING, '--once']
const compiled = ['compile', CLUSTER]

/** Flags of single verbs, and those that do there something else than elsewhere. */
export const ownCases: Readonly<Record<string, Readonly<Record<string, Case>>>> = {
  apply: {
    'state-dir': flag(planned, '--state-dir', '/other'),
    filename: flag(['apply', '--local', '--dry-run'], '-f', SHOP_OBJECTS),
    from: flag(['apply', '--local', '--dry-run'], '--from', `${SHOP}/nodes/aks-shop-2`),
    remove: flag(['apply', '--local', '--dry-run'], '--remove'),
    plan: flag(['apply', '--local', '--yes'], '--plan', '/no/such/plan'),
    policy: flag(planned, '--policy', 'shop/api'),
    set: flag(planned, '--set', 'app=web'),
    cause: flag(planned, '--cause', '9'),
    semantics: flag(planned, '--semantics', 'kubernetes'),
    lite: flag(planned, '--lite'),
    'even-if-npm-runs': flag([...planned, '--semantics', 'kubernetes'], '--even-if-npm-runs'),
    'dry-run': flag([...repair, '--yes'], '--dry-run'),
    yes: flag(repair, '--yes'),
    'confirm-within': flag([...repair, '--yes'], '--confirm-within', '60s'),
    'end-denied-flows': flag([...repair, '--yes'], '--end-denied-flows'),
    // How many are written to at once no single run shows: test/plugin/commands/apply.test.ts does.
    'max-parallel': flag(planned, '--max-parallel', 'none'),
    output: flag(planned, '-o', 'lines'),
  },
  compile: {
    filename: flag(compiled, '-f', SMALL),
    node: flag([...compiled, '--lite', '-o', 'iptables'], '--node', 'aks-oven-0'),
    release: flag([...compiled, '-o', 'iptables'], '--release', 'v1.4.23'),
    generation: flag([...compiled, '-o', 'iptables'], '--generation', 'v1'),
    scheme: flag([...compiled, '-o', 'iptables'], '--scheme', 'fnv32a'),
    semantics: flag([...compiled, '-o', 'iptables'], '--semantics', 'kubernetes'),
    lite: flag([...compiled, '--node', 'aks-oven-0', '-o', 'iptables'], '--lite'),
    'on-need': flag([...compiled, '-o', 'ipset'], '--on-need'),
    'chain-first': flag([...compiled, '-o', 'json'], '--chain-first'),
    output: flag(compiled, '-o', 'ipset'),
  },
  completion: {
    install: flag(['completion'], '--install'),
    uninstall: flag(['completion'], '--uninstall'),
    dir: flag(['completion', '--install'], '--dir', '/no/such/folder'),
  },
  confirm: {
    'state-dir': flag(['confirm', '--local'], '--state-dir', '/other'),
    id: flag(['confirm', '--local'], '--id', '0009'),
    output: flag(['confirm', '--local'], '-o', 'json'),
  },
  describe: {
    namespace: flag(['describe', 'pod/crane-0', '--from', OBJECTS], '-n', 'ferry'),
    'all-namespaces': flag(['describe', 'pod/crane-0', '-n', 'ferry', '--from', OBJECTS], '-A'),
    lite: flag(['describe', 'policy/shop/api', '--from', SHOP], '--lite'),
    output: flag(['describe', '10.7.0.12', '--from', OBJECTS], '-o', 'json'),
  },
  diff: {
    lite: flag(['diff', SHOP], '--lite'),
    'program-only': flag(['diff', SHOP], '--program-only'),
    'sort-by': flag(['diff', SHOP], '--sort-by', '.causes'),
    'no-headers': flag(['diff', NODE, '-o', 'custom-columns=NODE:.node'], '--no-headers'),
    output: flag(['diff', SHOP], '-o', 'json'),
  },
  dump: {
    output: flag(['dump', '--from', NODE, '--force'], '-o', 'FOLDER/other'),
    redact: {file: 'test/plugin/dump/redact.test.ts', test: 'holds no name, no address and no label of before'},
    // What is there is not overwritten unless it is forced.
    force: flag(['dump', '--from', NODE, '-o', 'FOLDER/there.tgz'], '--force'),
  },
  flows: {output: flag(['flows', 'denied', '--from', NODE, '--from', CONNECTIONS], '-o', 'wide')},
  install: {
    image: flag(['install', '--dry-run'], '--image', 'registry.example/agent:1'),
    'read-only': flag(['install', '--explain'], '--read-only'),
    metrics: flag(['install', '--explain'], '--metrics'),
    'metrics-auth': flag(['install', '--explain', '--metrics'], '--metrics-auth', 'none'),
    lite: flag(['install', '--dry-run', '--metrics'], '--lite'),
    'dry-run': {
      file: 'test/plugin/install/install-agents.test.ts',
      test: 'in a dry run stores nothing, and gives what would be applied',
    },
    explain: flag(['install', '--dry-run'], '--explain'),
    ephemeral: flag(['install', '--dry-run'], '--ephemeral', '--node', 'aks-1'),
    node: flag(['install', '--dry-run', '--ephemeral', '--node', 'aks-1'], '--node', 'aks-2'),
    for: flag(['install', '--dry-run', '--ephemeral', '--node', 'aks-1'], '--for', 'no time'),
    'force-conflicts': flag(['install', '--dry-run'], '--force-conflicts'),
    timeout: flag(['install', '--dry-run'], '--timeout', 'no time'),
    output: flag(['install', '--explain'], '-o', 'json'),
  },
  lint: {
    filename: flag(lintAll, '-f', LINT_CLUSTER),
    around: flag(lintAll, '--around', LINT_CLUSTER),
    node: flag([...lintAll, '--around', fixture('hns/cluster.json')], '--node', 'no-such-node'),
    platform: flag(lintAll, '--platform', 'windows'),
    'fail-on': flag(lintAll, '--fail-on', 'never'),
    level: flag(lintAll, '--level', 'info'),
    release: flag(lintAll, '--release', 'v1.4.23'),
    'with-cluster': flag(lintAll, '--with-cluster'),
    ignore: flag(lintAll, '--ignore', 'NO_DNS'),
    output: flag(lintAll, '-o', 'sarif'),
    'sort-by': flag([...lintAll, '-o', 'wide'], '--sort-by', 'code'),
    'no-headers': flag([...lintAll, '-o', 'wide'], '--no-headers'),
  },
  matrix: {
    ports: flag(['matrix', '--from', OBJECTS], '--ports', '53/udp'),
    namespace: flag(matrix, '-n', 'ferry'),
    'all-namespaces': flag([...matrix, '-n', 'ferry'], '-A'),
    diff: flag(['matrix', '--from', CLUSTER, '--ports', '9000'], '--diff', MIXER),
    without: flag(['matrix', '--from', CLUSTER, '--ports', '9000'], '--without', 'bakery/mixer'),
    wrong: flag(matrix, '--wrong'),
    release: flag(['matrix', '--from', CLUSTER], '--release', 'v1.4.19'),
    output: flag(matrix, '-o', 'csv'),
    'no-headers': flag([...matrix, '-o', 'csv'], '--no-headers'),
  },
  metrics: {
    'ipset-counts': flag(['metrics', '--from', SHOP, '--no-compare'], '--no-ipset-counts'),
    compare: flag(['metrics', '--from', SHOP], '--no-compare'),
    lite: flag(['metrics', '--from', SHOP], '--lite'),
    output: flag(['metrics', '--from', SHOP, '--no-compare'], '-o', 'prometheus'),
  },
  policies: {
    namespace: flag(['policies', SHOP], '-n', 'dev'),
    'all-namespaces': flag(['policies', SHOP, '-n', 'dev'], '-A'),
    selector: flag(['policies', SHOP], '-l', 'no=such'),
    lite: flag(['policies', SHOP], '--lite'),
    output: flag(['policies', SHOP], '-o', 'name'),
  },
  resolve: {
    output: flag(['resolve', 'app=web'], '-o', 'json'),
  },
  rollback: {
    'state-dir': flag(['rollback', '--local', '--yes'], '--state-dir', '/other'),
    list: flag(['rollback', '--local', '--yes'], '--list'),
    to: flag(['rollback', '--local', '--yes'], '--to', '0001-20261130T090000Z'),
    yes: flag(['rollback', '--local'], '--yes'),
    'max-parallel': flag(['rollback', '--local', '--yes'], '--max-parallel', 'none'),
    output: flag(['rollback', '--local', '--yes'], '-o', 'json'),
  },
  sets: {
    member: flag(['sets', '--from', NODE], '--member', '10.60.0.10'),
    namespace: flag(['sets', '--from', NODE, '--member', 'pod/oven-0'], '-n', 'bakery'),
    output: flag(['sets', '--from', NODE], '-o', 'name'),
  },
  status: {
    // Refused with what needs a whole answer. What it prints of changes: test/plugin/agents/status-watch.test.ts.
    watch: flag(['status', '-o', 'jsonpath={.kind}'], '--watch'),
    output: flag(['status'], '-o', 'json'),
  },
  top: {
    from: flag(['top', '--once', '-l', 'pool=none'], '--from', RECORDING),
    node: flag(['top', '--once', '--from', fixture('two-nodes')], '--node', 'aks-oven-1'),
    pod: flag(['top', '--once', '-l', 'pool=none'], '--pod', 'shop/none'),
    selector: flag(['top', '--once', '--pod', 'shop/none'], '-l', 'pool=none'),
    interval: flag(once, '--interval', 'no time'),
    once: flag(['top', RECORDING, '-o', 'json'], '--once'),
    'sort-by': flag(once, '--sort-by', 'new'),
    'no-headers': flag(once, '--no-headers'),
    record: flag(once, '--record', '/no/such/folder/x'),
    ascii: {file: 'test/plugin/ui/top/frames.test.ts', test: 'nodes-ascii'},
    output: flag(once, '-o', 'json'),
  },
  trace: {
    namespace: flag(['trace', 'tower-0', 'crane-0', '--from', OBJECTS], '-n', 'ferry'),
    'all-namespaces': flag(['trace', 'tower-0', 'crane-0', '-n', 'ferry', '--from', OBJECTS], '-A'),
    port: flag(traced, '--port', '8080'),
    protocol: flag([...traced, '--port', '8080'], '--protocol', 'udp'),
    mark: flag([...traced, '--port', '8080'], '--mark', '0x4000'),
    output: flag([...traced, '--port', '8080'], '-o', 'json'),
  },
  translate: {
    policy: flag(['translate', NODE], '--policy', 'lab/taster'),
    chain: flag(['translate', NODE], '--chain', 'AZURE-NPM'),
    set: flag(['translate', NODE], '--set', 'app=till'),
    all: {file: 'test/plugin/print/translation-list.test.ts', test: "{detail: 'all'"},
    direction: flag(['translate', NODE], '--direction', 'egress'),
    'sort-by': flag(['translate', SHOP], '--sort-by', 'rules'),
    'no-headers': flag(['translate', SHOP, '--sort-by', 'rules'], '--no-headers'),
    output: flag(['translate', NODE], '-o', 'iptables'),
  },
  uninstall: {
    yes: flag(['uninstall', '--timeout', '1s'], '--yes'),
    timeout: flag(['uninstall'], '--timeout', 'no time'),
  },
  verify: {
    against: flag(['verify', SHOP], '--against', 'program'),
    // Both nodes of the example sort alike: a column that there is none of is refused.
    'sort-by': flag(['verify', SHOP], '--sort-by', 'nothing'),
    'no-headers': flag(['verify', NODE, '-o', 'custom-columns=NODE:.node'], '--no-headers'),
    output: flag(['verify', SHOP], '-o', 'json'),
  },
  version: {
    client: flag(['version'], '--client'),
    output: flag(['version', '--client'], '-o', 'json'),
  },
}
