import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {dirname, join, normalize} from 'node:path'
import {parseSync} from 'rolldown/utils'
import {describe, expect, test} from 'vitest'

/**
 * Which room may import which. A room is a folder, or a file that stands beside folders (`core/dataplanes.ts`).
 *
 * The order is the order of the house: a room may import only rooms that stand above it here, so there is no circle and
 * no import upwards. Imports of types count like all others. `core` alone stands for every room in core.
 */
const ground = ['core/text', 'core/problem', 'core/net']
const facts = [...ground, 'core/kubernetes', 'core/names', 'core/policy']
/** What a data plane builds on, and all that a verb may know of one: neutral sets, packets and the interfaces. */
const seam = [...facts, 'core/contract', 'core/sets', 'core/packets', 'core/dataplane']
const verb = [...seam, 'core/dataplanes.ts', 'core/dump']

const agentGround = ['agent/log.ts', 'agent/limits']

const rooms: Readonly<Record<string, readonly string[]>> = {
  'core/text': [],
  'core/problem': ['core/text'],
  'core/net': [],
  'core/kubernetes': ground,
  'core/names': [...ground, 'core/kubernetes'],
  'core/policy': [...ground, 'core/kubernetes', 'core/names'],
  'core/renaming': [...ground, 'core/kubernetes', 'core/names'],
  // Lists of words only: see the test below.
  'core/contract': ['core/problem', 'core/names', 'core/policy'],
  'core/sets': [...facts, 'core/contract'],
  'core/packets': [...facts, 'core/sets'],
  'core/dataplane': [...facts, 'core/contract', 'core/sets', 'core/packets', 'core/renaming'],

  // What every data plane does with differences and changes.
  'core/differences': [...ground, 'core/sets', 'core/packets', 'core/dataplane'],
  // What every data plane's node keeps of what was read.
  'core/read-facts.ts': ['core/sets', 'core/dataplane'],

  'core/linux/iptables': ['core/text', 'core/problem', 'core/net'],
  'core/linux/ipset': ['core/text', 'core/problem', 'core/net', 'core/sets'],
  'core/linux/npm': [...seam, 'core/linux/iptables', 'core/linux/ipset'],
  'core/linux/compile/v1': [...facts, 'core/linux/iptables', 'core/linux/npm'],
  'core/linux/compile': [...facts, 'core/dataplane', 'core/linux/iptables', 'core/linux/npm', 'core/linux/compile/v1'],
  'core/linux/walk': [...seam, 'core/linux/iptables', 'core/linux/ipset', 'core/linux/npm', 'core/linux/compile'],
  'core/linux/translate': [...seam, 'core/linux/iptables', 'core/linux/ipset', 'core/linux/npm', 'core/linux/walk'],
  'core/linux/compare': [
    ...seam,
    'core/linux/iptables',
    'core/linux/ipset',
    'core/linux/npm',
    'core/linux/compile',
    'core/linux/walk',
  ],
  'core/linux/causes': [
    ...seam,
    'core/differences',
    'core/linux/iptables',
    'core/linux/npm',
    'core/linux/walk',
    'core/linux/compare',
  ],
  'core/linux/documents': [...seam, 'core/linux/iptables', 'core/linux/ipset', 'core/linux/npm'],
  'core/linux/redact': [
    ...seam,
    'core/renaming',
    'core/linux/documents',
    'core/linux/iptables',
    'core/linux/ipset',
    'core/linux/npm',
  ],
  'core/linux/counters': [...seam, 'core/linux/iptables', 'core/linux/npm'],
  'core/linux/node-state.ts': [
    ...seam,
    'core/read-facts.ts',
    'core/linux/counters',
    'core/linux/iptables',
    'core/linux/ipset',
    'core/linux/npm',
    'core/linux/walk',
    'core/linux/translate',
  ],
  'core/linux/plan': [
    ...seam,
    'core/differences',
    'core/linux/node-state.ts',
    'core/linux/iptables',
    'core/linux/ipset',
    'core/linux/npm',
    'core/linux/compile',
    'core/linux/walk',
    'core/linux/translate',
    'core/linux/compare',
    'core/linux/causes',
  ],
  'core/linux/foretold-node.ts': [
    ...seam,
    'core/linux/node-state.ts',
    'core/linux/iptables',
    'core/linux/ipset',
    'core/linux/npm',
    'core/linux/compile',
    'core/linux/walk',
  ],
  'core/linux/dataplane.ts': [
    ...seam,
    'core/linux/foretold-node.ts',
    'core/linux/node-state.ts',
    'core/linux/documents',
    'core/linux/redact',
    'core/linux/iptables',
    'core/linux/ipset',
    'core/linux/npm',
    'core/linux/compile',
    'core/linux/translate',
    'core/linux/walk',
    'core/linux/compare',
    'core/linux/causes',
    'core/linux/plan',
  ],
  'core/windows/hns': ['core/problem', 'core/net'],
  'core/windows/npm': [...facts, 'core/sets', 'core/dataplane', 'core/windows/hns'],
  'core/windows/compile': [...facts, 'core/dataplane', 'core/windows/hns', 'core/windows/npm'],
  'core/windows/walk': [...seam, 'core/windows/hns', 'core/windows/npm'],
  'core/windows/translate': [...seam, 'core/windows/hns', 'core/windows/npm', 'core/windows/walk'],
  'core/windows/documents': [...seam, 'core/windows/hns', 'core/windows/npm'],
  'core/windows/compare': [...seam, 'core/windows/hns', 'core/windows/npm', 'core/windows/compile'],
  'core/windows/causes': [
    ...seam,
    'core/differences',
    'core/windows/hns',
    'core/windows/npm',
    'core/windows/walk',
    'core/windows/compare',
  ],
  'core/windows/node-state.ts': [
    ...seam,
    'core/read-facts.ts',
    'core/windows/hns',
    'core/windows/npm',
    'core/windows/walk',
    'core/windows/translate',
  ],
  'core/windows/plan': [
    ...seam,
    'core/differences',
    'core/windows/node-state.ts',
    'core/windows/hns',
    'core/windows/npm',
    'core/windows/documents',
    'core/windows/walk',
    'core/windows/compare',
  ],
  'core/windows/redact': [...seam, 'core/renaming', 'core/windows/hns', 'core/windows/npm', 'core/windows/documents'],
  'core/windows/foretold-node.ts': [
    ...seam,
    'core/windows/hns',
    'core/windows/npm',
    'core/windows/compile',
    'core/windows/documents',
  ],
  'core/windows/dataplane.ts': [
    ...seam,
    'core/windows/foretold-node.ts',
    'core/windows/node-state.ts',
    'core/windows/hns',
    'core/windows/npm',
    'core/windows/compile',
    'core/windows/documents',
    'core/windows/compare',
    'core/windows/causes',
    'core/windows/plan',
    'core/windows/redact',
  ],

  'core/dataplanes.ts': [
    'core/kubernetes',
    'core/dataplane',
    'core/linux/npm',
    'core/linux/dataplane.ts',
    'core/windows/dataplane.ts',
  ],

  'core/dump': [...seam, 'core/dataplanes.ts'],
  'core/redact': [...verb, 'core/renaming'],
  'core/translate': verb,
  'core/compile': verb,
  'core/lint': verb,
  'core/agreement': verb,
  'core/drift': [...verb, 'core/agreement'],
  // Why a node and the policies disagree is a question to the comparison.
  'core/trace': [...verb, 'core/drift'],
  // The ends of a packet are found as for a trace.
  'core/matrix': [...verb, 'core/trace'],

  // What is repaired are the differences that a comparison finds, by their causes.
  'core/plan': [...verb, 'core/agreement', 'core/drift'],

  'core/flows': verb,

  // How many differences there are is a question to the comparison.
  'core/metrics': [...verb, 'core/drift'],

  // Counters are read at each look, as the kernel's tool prints them: no data plane is loaded for a number.
  'core/live': [...verb, 'core/metrics'],

  // What is in force is a question to the comparison; while it is watched, rates come from the stream.
  'core/policies': [...verb, 'core/drift', 'core/live'],

  'core/top': ['core/contract', 'core/live'],

  // All that verbs say of one thing, together.
  'core/describe': [...verb, 'core/drift', 'core/lint', 'core/matrix', 'core/policies', 'core/trace', 'core/translate'],

  // Likely reasons are found as for a trace.
  'core/verify': [...verb, 'core/agreement', 'core/trace'],

  'agent/log.ts': [],
  'agent/limits': ['core/contract'],
  'agent/hns': ['core/problem'],
  'agent/kubernetes': ['core/problem', ...agentGround],
  'agent/auth': ['core/contract', 'core/problem', 'core/kubernetes', ...agentGround, 'agent/kubernetes'],
  'agent/watch': [...facts, 'core/contract', 'core/dataplane', ...agentGround, 'agent/kubernetes'],
  'agent/native': [],
  'agent/netlink': ['agent/native'],
  'agent/xtables': ['agent/native'],
  'agent/node': [...ground, 'core/contract', 'core/dump', ...agentGround, 'agent/hns', 'agent/watch', 'agent/netlink'],
  // Where Azure NPM's chains are is found while bytes go by: no data plane is loaded for a name.
  'agent/snapshots': [...verb, 'core/linux/npm', 'core/drift', ...agentGround, 'agent/watch', 'agent/node'],
  'agent/write': [...verb, 'core/plan', 'core/flows', ...agentGround, 'agent/hns', 'agent/netlink', 'agent/node'],
  // Which save is Azure NPM's is decided as for all other answers.
  'agent/live': [
    ...ground,
    'core/names',
    'core/contract',
    'core/dataplane',
    'core/linux/counters',
    'core/linux/iptables',
    'core/linux/documents',
    'core/dump',
    'core/live',
    'core/metrics',
    ...agentGround,
    'agent/node',
    'agent/native',
    'agent/netlink',
    'agent/xtables',
  ],
  'agent/rpc': [
    'core/contract',
    'core/problem',
    'core/plan',
    ...agentGround,
    'agent/auth',
    'agent/snapshots',
    'agent/live',
    'agent/write',
  ],
  // What a scrape and its comparison find out: the verbs of the same names.
  'agent/metrics': [
    ...verb,
    'core/drift',
    'core/live',
    'core/metrics',
    'core/verify',
    ...agentGround,
    'agent/kubernetes',
    'agent/auth',
    'agent/watch',
    'agent/node',
    'agent/snapshots',
    'agent/write',
    // What is read for those who watch is not read again.
    'agent/live',
    'agent/rpc',
  ],
  'agent/serve': [
    ...ground,
    'core/contract',
    ...agentGround,
    'agent/kubernetes',
    'agent/auth',
    'agent/watch',
    'agent/node',
    'agent/snapshots',
    'agent/live',
    'agent/write',
    'agent/rpc',
    'agent/metrics',
  ],
  'agent/cli.ts': [...ground, 'core/contract', 'agent/node', 'agent/serve'],

  'plugin/node-version.ts': ['core/problem'],
  'plugin/older-node.ts': [],
  'plugin/compile-options.ts': [...facts, 'core/dataplanes.ts'],
  'plugin/services.ts': ['core/problem', 'core/contract', 'core/dump'],
  'plugin/cleanup': [],
  'plugin/bytes': ground,
  // Types of the API.
  'plugin/programs': ['plugin/cleanup'],
  'plugin/kubernetes': [...ground, 'core/kubernetes', 'plugin/cleanup', 'plugin/programs'],
  // The agent's router as a type: the linter refuses anything else.
  'plugin/agents': [...ground, 'core/kubernetes', 'core/contract', 'core/dump', 'agent/rpc', 'plugin/bytes', 'plugin/kubernetes'],
  'plugin/source': [
    ...ground,
    'core/kubernetes',
    'core/contract',
    'core/dataplane',
    'core/dump',
    'plugin/node-version.ts',
    'plugin/services.ts',
    'plugin/cleanup',
    'plugin/bytes',
    'plugin/kubernetes',
    'plugin/agents',
  ],
  'plugin/dump': [
    ...ground,
    'core/kubernetes',
    'core/contract',
    'core/dump',
    'core/redact',
    'core/renaming',
    'plugin/services.ts',
    'plugin/cleanup',
    'plugin/bytes',
    'plugin/kubernetes',
    'plugin/agents',
    'plugin/source',
  ],
  'plugin/live': [
    ...ground,
    'core/kubernetes',
    'core/contract',
    'core/dataplane',
    'core/dump',
    'core/drift',
    'core/live',
    'plugin/services.ts',
    'plugin/cleanup',
    'plugin/bytes',
    'plugin/kubernetes',
    'plugin/agents',
    'plugin/source',
  ],
  'plugin/shell': ['core/problem', 'plugin/programs', 'plugin/source'],
  'plugin/install': ['core/text', 'core/problem', 'core/kubernetes', 'core/contract', 'plugin/kubernetes', 'plugin/shell'],
  'plugin/print': [
    ...facts,
    'core/dataplanes.ts',
    'core/contract',
    'core/sets',
    'core/dataplane',
    'core/compile',
    'core/lint',
    'core/matrix',
    'core/metrics',
    'core/live',
    'core/top',
  ],
  'plugin/ui': [
    ...ground,
    'core/contract',
    'core/live',
    'core/policies',
    'core/top',
    'plugin/cleanup',
    'plugin/agents',
    'plugin/live',
    'plugin/print',
  ],
  'plugin/boolean-values.ts': ['core/problem'],
  'plugin/flags.ts': ground,
  'plugin/command.ts': [
    'plugin/boolean-values.ts',
    'plugin/flags.ts',
    ...ground,
    'plugin/cleanup',
    'plugin/agents',
    'plugin/source',
    'plugin/print',
    'plugin/ui',
  ],
  'plugin/write': [
    ...ground,
    'core/contract',
    'core/dataplane',
    'core/plan',
    'core/flows',
    'plugin/services.ts',
    'plugin/cleanup',
    'plugin/bytes',
    'plugin/kubernetes',
    'plugin/agents',
    'plugin/source',
    'plugin/command.ts',
    'plugin/flags.ts',
  ],
  'plugin/commands': [
    ...verb,
    'core/redact',
    'core/translate',
    'core/describe',
    'core/compile',
    'core/lint',
    'core/drift',
    'core/trace',
    'core/matrix',
    'core/verify',
    'core/plan',
    'core/flows',
    'core/policies',
    'core/metrics',
    'core/live',
    'core/top',
    'plugin/node-version.ts',
    'plugin/compile-options.ts',
    'plugin/services.ts',
    'plugin/kubernetes',
    'plugin/agents',
    'plugin/source',
    'plugin/live',
    'plugin/dump',
    'plugin/install',
    'plugin/print',
    'plugin/ui',
    'plugin/command.ts',
    'plugin/flags.ts',
    'plugin/shell',
    'plugin/write',
  ],
  'plugin/usage': [...ground, 'core/kubernetes', 'plugin/cleanup', 'plugin/command.ts', 'plugin/flags.ts', 'plugin/commands'],
  'plugin/memory-plugin.ts': ['plugin/commands'],
  // Knows how much memory this process may use.
  'plugin/cli.ts': [
    ...ground,
    'plugin/cleanup',
    'plugin/bytes',
    'plugin/memory-plugin.ts',
    'plugin/source',
    'plugin/print',
    'plugin/commands',
    'plugin/usage',
  ],
  'plugin/completion': [
    ...facts,
    'core/contract',
    'core/dataplane',
    'core/dump',
    'core/dataplanes.ts',
    'plugin/cleanup',
    'plugin/kubernetes',
    'plugin/agents',
    'plugin/source',
    'plugin/commands',
  ],

  'scripts/platforms': [],
  'scripts/materials': [],
  'scripts/options': [],
  'scripts/executables': ['scripts/platforms', 'scripts/materials', 'scripts/options'],
  'scripts/image': ['scripts/executables', 'scripts/platforms', 'scripts/options'],
  'test/support/pki.ts': [],
  'test/cluster/lab': ['core', 'agent', 'plugin', 'scripts/image', 'scripts/options', 'test/support/pki.ts'],
  'test/support/arbitrary-names.ts': ['core'],
  'test/support/arbitrary-objects.ts': ['core'],
  'test/support/arbitrary-cluster.ts': ['core', 'test/support/arbitrary-objects.ts'],
  'test/support/dump-fixture.ts': ['core'],
  'test/support/half-inputs.ts': ['core', 'test/support/dump-fixture.ts'],
  'test/support/packet-text.ts': ['core'],
  'test/support/large-policies.ts': ['core'],
  'test/support/node-of.ts': ['core'],
  'test/support/translate.ts': ['core'],
  'test/support/read-capture.ts': ['core'],
  'test/support/shop-nodes.ts': ['core', 'test/support/node-of.ts'],
  'test/support/monitoring': ['test/cluster/lab'],
  'test/support/top': ['core'],
  'test/support/temporary-folder.ts': [],
  'test/support/build-once.ts': [],
  'test/support/built-programs.ts': ['test/support/build-once.ts'],
  'test/support/encoded-text.ts': [],
  'test/support/describe-where.ts': [],
  'test/support/executables': [],
  'test/support/flows': ['core'],
  'test/support/programs': ['core'],
  'test/support/linux': ['core', 'test/support/arbitrary-cluster.ts', 'test/support/node-of.ts'],
  'test/support/dataplane': ['core'],
  'test/support/windows': ['core', 'test/support/arbitrary-cluster.ts', 'test/support/node-of.ts'],
  'test/support/hns': ['core', 'agent/hns', 'test/support/windows'],
  'test/support/mixed-cluster.ts': ['core', 'test/support/arbitrary-cluster.ts', 'test/support/windows'],
  'test/support/mixed-nodes.ts': ['core', 'test/support/node-of.ts', 'test/support/windows'],
  'test/support/lint': ['core'],
  'test/support/plan': ['core'],
  'test/support/cases': ['core'],
  'test/support/redact': ['core', 'plugin/source', 'test/support/translate.ts'],
  'test/support/kernel': ['core', 'test/support/programs', 'test/support/describe-where.ts'],
  'test/support/kernel/packets': ['core', 'test/support/programs', 'test/support/kernel', 'test/support/describe-where.ts'],
  'test/support/agreement': ['core', 'test/support/cases', 'test/support/kernel', 'test/support/kernel/packets'],
  'test/support/agent': [
    'core',
    'agent',
    'test/support/built-programs.ts',
    'test/support/temporary-folder.ts',
    'test/support/describe-where.ts',
    'test/support/linux',
  ],
  'test/support/kernel/talkers': ['test/support/kernel'],
  'test/support/live': ['core', 'agent', 'test/support/kernel'],
  'test/support/writer': ['core', 'agent', 'test/support/kernel', 'test/support/hns', 'test/support/temporary-folder.ts'],
  'test/support/metrics': [
    'core',
    'agent',
    'test/support/agent',
    'test/support/kernel',
    'test/support/kernel/packets',
    'test/support/kernel/talkers',
    'test/support/writer',
  ],
  'test/support/plugin': [
    'core',
    'agent/serve',
    'plugin',
    'test/support/shop-nodes.ts',
    'test/support/built-programs.ts',
    'test/support/temporary-folder.ts',
    'test/support/pki.ts',
  ],
  'test/support/cluster': [
    'test/support/agent',
    'test/cluster/lab',
    'test/support/describe-where.ts',
    'test/support/build-once.ts',
    'test/support/built-programs.ts',
  ],
}

interface Import {
  readonly file: string
  readonly line: number
  /** The imported file, from the root of the repository. */
  readonly target: string
  /** What is imported by name; values only. */
  readonly values: readonly string[]
}

const root = join(import.meta.dirname, '..')
const trees = [
  'core',
  'agent',
  'plugin',
  'scripts/options',
  'scripts/platforms',
  'scripts/image',
  'scripts/materials',
  'scripts/executables',
  'test/support',
  'test/cluster/lab',
]
const files = trees.flatMap(tree =>
  readdirSync(join(root, tree), {recursive: true, encoding: 'utf8'})
    .filter(name => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map(name => `${tree}/${name}`),
)
const imports = files.flatMap(importsOf)
const names = Object.keys(rooms)

/** The imports of a file that lead to files of this repository: those of types, re-exports and `import()` among them. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8')
  const {module, errors} = parseSync(file, text)
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors[0]?.message}`)
  const found: {start: number; specifier: string; values: string[]}[] = []
  for (const {start, moduleRequest, entries} of module.staticImports) {
    const values = entries.filter(entry => !entry.isType).map(entry => entry.importName.name ?? '*')
    found.push({start, specifier: moduleRequest.value, values})
  }
  for (const {entries} of module.staticExports)
    for (const {start, moduleRequest, isType, importName} of entries)
      if (moduleRequest) found.push({start, specifier: moduleRequest.value, values: isType ? [] : [importName.name ?? '*']})
  for (const {start, moduleRequest} of module.dynamicImports)
    found.push({start, specifier: text.slice(moduleRequest.start + 1, moduleRequest.end - 1), values: ['*']})
  return found
    .filter(({specifier}) => specifier.startsWith('.'))
    .map(({start, specifier, values}) => ({
      file,
      line: text.slice(0, start).split('\n').length,
      target: normalize(join(dirname(file), specifier)),
      values,
    }))
}

const moduleAt = async (file: string): Promise<Readonly<Record<string, unknown>>> => await import(join(root, file))

const isWords = (value: unknown): boolean => Array.isArray(value) && value.every(word => typeof word === 'string')

/** The room of a file: itself if the table has it, else its innermost folder that the table has. */
function roomOf(file: string): string | undefined {
  for (let room = file; room !== '.'; room = dirname(room)) if (room in rooms) return room
  return undefined
}

const covers = (allowed: string, room: string): boolean => allowed === room || room.startsWith(`${allowed}/`)

/** Whether the table lets one room import another; `core` in the table stands for all of core, `core/linux/compile` not for its v1. */
function isAllowed(from: string, to: string): boolean {
  const allowed = rooms[from] ?? []
  return from === to || allowed.includes(to) || allowed.some(entry => !(entry in rooms) && covers(entry, to))
}

describe('the table of rooms', () => {
  test('has every file of the house in a room', () => {
    const homeless = files.filter(file => roomOf(file) === undefined)
    expect(homeless, 'give the folder a line in `rooms`, below all that it imports').toEqual([])
  })

  test('has no room that is empty', () => {
    const empty = names.filter(room => !files.some(file => roomOf(file) === room))
    expect(empty, 'remove the line from `rooms`').toEqual([])
  })

  test('lets a room import only rooms above it, so that there is no circle', () => {
    const upwards: string[] = []
    for (const [at, room] of names.entries())
      for (const allowed of rooms[room] ?? []) {
        const lowest = names.findLastIndex(name => covers(allowed, name))
        if (lowest < 0) upwards.push(`${room} may import ${allowed}, which is no room: correct the name`)
        else if (allowed in rooms ? names.indexOf(allowed) >= at : lowest >= at)
          upwards.push(`${room} may import ${allowed}, which stands below it: turn the import around, or move the shared part up`)
      }
    expect(upwards).toEqual([])
  })
})

const ALLOW =
  'hand it in as a parameter, move it into a room that both may import or, if the direction is right, add the room to the line in `rooms`'

describe('imports', () => {
  test('lead only where the table allows', () => {
    const wrong: string[] = []
    for (const {file, line, target} of imports) {
      const from = roomOf(file)
      const to = roomOf(target)
      if (from === undefined || target === 'package.json') continue
      if (to === undefined) wrong.push(`${file}:${line} imports ${target}, which is in no room`)
      else if (!isAllowed(from, to))
        wrong.push(`${file}:${line} imports ${target}, but \`rooms\` does not let ${from} import ${to}`)
    }
    expect(wrong, ALLOW).toEqual([])
  })

  test('of the contract are lists of words', async () => {
    const other: string[] = []
    for (const {file, line, target, values} of imports) {
      if (roomOf(file) !== 'core/contract' || roomOf(target) === 'core/contract') continue
      const module = await moduleAt(target)
      for (const name of values)
        if (!isWords(module[name])) other.push(`${file}:${line} imports ${name} of ${target}, which is no list of words`)
    }
    expect(other, 'the contract says what is printed and knows nothing that works; move the words out').toEqual([])
  })
})

test('the interface to data planes is types and lists of words, and does nothing itself', async () => {
  const working: string[] = []
  for (const file of files.filter(each => roomOf(each) === 'core/dataplane'))
    for (const [name, value] of Object.entries(await moduleAt(file))) if (!isWords(value)) working.push(`${file} exports ${name}`)
  expect(working, 'move it into a data plane, or into core/differences, which all may import').toEqual([])
})

/** What names the operating system of a node, or what only one has. */
const OF_WINDOWS = /windows|\bhns\b|azure-acl|\bacls?\b/i

/**
 * How many lines of verbs name Windows. Verbs know data planes by their interface; what is here names metrics of Azure NPM and finds
 * faults of policies that are only Windows', or prints: where a rule stands, what a format or a request is.
 */
const NAMING_WINDOWS: Readonly<Record<string, number>> = {
  'core/lint': 47,
  'core/metrics': 11,
  'plugin/commands': 12,
  'plugin/print': 21,
}

test('verbs name no operating system but to print a place, or where it is what they are about', () => {
  const isVerb = (file: string): boolean =>
    /^plugin\/(?:commands|print)\//.test(file) ||
    (/^core\/[a-z]+\//.test(file) &&
      !/^core\/(?:linux|windows|contract|dataplane|dump|kubernetes|names|policy|renaming|text)\//.test(file))
  const named = new Map<string, number>()
  for (const file of files.filter(isVerb)) {
    const lines = readFileSync(join(root, file), 'utf8')
      .split('\n')
      .filter(line => OF_WINDOWS.test(line)).length
    const folder = file.split('/').slice(0, 2).join('/')
    if (lines > 0) named.set(folder, (named.get(folder) ?? 0) + lines)
  }
  // More lines want a reason, and fewer a smaller number here.
  expect(Object.fromEntries(named), 'what a verb must know of a data plane belongs in the interface, core/dataplane').toEqual(
    NAMING_WINDOWS,
  )
})

test('tests stand where their sources do, and helpers in test/support', () => {
  const wrong: string[] = []
  for (const tree of ['core', 'agent', 'plugin'])
    for (const name of readdirSync(join(root, 'test', tree), {recursive: true, encoding: 'utf8'}).filter(each =>
      each.endsWith('.ts'),
    )) {
      const file = `${tree}/${name}`
      if (!name.endsWith('.test.ts')) wrong.push(`test/${file} is a helper: move it into test/support`)
      if (!existsSync(join(root, dirname(file))))
        wrong.push(`test/${file} has no ${dirname(file)} beside it: move it to its source`)
    }
  expect(wrong).toEqual([])
})

/** Programs of a node that can change it, and with which first words they only read. */
const CHANGING =
  /\b(?:run\w*|start\w*|spawn\w*|exec\w*)\(\s*['"`](ipset|ip6?tables[\w-]*|ebtables[\w-]*|conntrack|nft|tc|ip)['"`],\s*\[([^\]]*)\]/g
const READING = /^\s*['"`](?:save|list|version|--version|-c|-C|-L|-S|--count|show)['"`]/
/** What changes an object of HNS. */
const MODIFYING = /\.modify\(/g
/** These write whatever they are told. */
const RESTORING = /['"`](?:ip6?tables[\w-]*-(?:restore|apply)|ipset[\w -]*restore)\b/g

test('only agent/write runs what changes a node', () => {
  const writing = files.flatMap(file => {
    if (!/^(?:agent|plugin)\//.test(file) || roomOf(file) === 'agent/write') return []
    const text = readFileSync(join(root, file), 'utf8')
    const changing = [...text.matchAll(CHANGING)].filter(
      ([, tool = '', words = '']) => !tool.endsWith('-save') && !READING.test(words),
    )
    // The plugin prints such lines, for people to read.
    const restoring = file.startsWith('agent/') ? text.matchAll(RESTORING) : []
    // The seam to HNS has it, and does not use it.
    const modifying = file.startsWith('agent/hns/') ? [] : text.matchAll(MODIFYING)
    return [...changing, ...restoring, ...modifying].map(([found]) => `${file}: ${found}`)
  })
  expect(writing, 'what a node is told goes through the lock, the journal and a restore point: use agent/write').toEqual([])
})

test('files of agent/write are found by that test if they stood elsewhere', () => {
  const text = readFileSync(join(root, 'agent/write/linux.ts'), 'utf8')
  expect([...text.matchAll(CHANGING)].map(([, tool]) => tool)).toContain('ipset')
  expect([...text.matchAll(RESTORING)].length).toBeGreaterThan(0)
  expect(readFileSync(join(root, 'agent/write/windows.ts'), 'utf8')).toMatch(MODIFYING)
})
