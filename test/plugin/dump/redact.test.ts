import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {type Trace, traceSchema} from '../../../core/contract/trace.ts'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import {readFiles} from '../../../plugin/source/read-files.ts'
import {kubectlNpm} from '../../support/built-programs.ts'
import {describeKernel} from '../../support/kernel/describe.ts'
import {loadRules, loadSets} from '../../support/kernel/load.ts'
import {openNamespace} from '../../support/kernel/namespace.ts'
import {linuxDocuments} from '../../support/linux/documents.ts'
import {startBakery} from '../../support/plugin/bakery-dump.ts'
import {filesIn, manifestOf} from '../../support/plugin/files.ts'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubectl-npm-redact-'))
})
afterAll(() => rmSync(folder, {recursive: true, force: true}))

async function redact(name: string, ...from: string[]) {
  const target = join(folder, name)
  const said = await runCli(['dump', '--redact', '-o', target, ...from.flatMap(path => ['--from', path])])
  return {...said, target, files: said.exitCode === 2 ? new Map<string, Buffer>() : filesIn(target)}
}

/** Where bytes occur in files or in their names. */
const found = (files: ReadonlyMap<string, Buffer>, pattern: RegExp): string[] =>
  [...files].flatMap(([path, bytes]) =>
    [...`${path}\n${bytes.toString('latin1')}`.matchAll(new RegExp(`.{0,30}(?:${pattern.source}).{0,30}`, 'gi'))].map(
      ([where]) => `${path}: ${where}`,
    ),
  )
const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
const addressesIn = (text: string) => new Set(text.match(/(?<![\d.])(?:10|192\.168)(?:\.\d{1,3}){2,3}(?![\d.])/g))

const MARK = 'qzmark'
/** A name that nobody could overlook: every part of it begins with the mark. */
const marked = (name: string) => name.replaceAll(/[A-Za-z][A-Za-z0-9]*/g, part => `${MARK}${part}`)
const KEPT = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease', 'linux'])
const isKept = (word: string) => KEPT.has(word) || word === ''

/** Objects with the mark in all that is somebody's name. */
function mark(value: unknown, path = ''): unknown {
  if (Array.isArray(value)) return value.map(each => mark(each, path))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => {
        const isLabels = /(?:labels|matchLabels)$/.test(path)
        const isOwnKey = isLabels && !/\.io\//.test(key)
        return [isOwnKey ? marked(key) : key, mark(each, `${path}.${isLabels ? 'LABEL' : key}`)]
      }),
    )
  if (typeof value !== 'string') return value
  const isName =
    /\.(?:name|namespace|nodeName|LABEL|values|port)$/.test(path) ||
    (path.endsWith('matchExpressions.key') && !/\.io\//.test(value))
  const isHost = path.endsWith('addresses.address') && !/^\d/.test(value)
  return (isName || isHost) && !isKept(value) && !/^\d+$/.test(value) ? marked(value) : value
}

describeKernel('a node whose every name bears a mark', () => {
  let redacted: Awaited<ReturnType<typeof redact>>
  let original: string
  const node = `${MARK}aks-${MARK}oven-0`

  beforeAll(async () => {
    await using namespace = await openNamespace()
    const {items} = parse(readFileSync(fixture('two-nodes/cluster.yaml'), 'utf8')) as {items: object[]}
    const input = (name: string, text: string) => {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    }
    const cluster = input('cluster.json', JSON.stringify({apiVersion: 'v1', kind: 'List', items: items.map(each => mark(each))}))
    const compiled = async (output: string) => (await runCli(['compile', '-f', cluster, '-o', output])).stdout
    await loadSets(namespace, await compiled('ipset'))
    await loadRules(namespace, 'nft', await compiled('iptables'))
    const taken = join(folder, 'taken')
    await namespace.run('env', [`NODE_NAME=${node}`, process.execPath, kubectlNpm, 'dump', '--local', '-o', taken])
    const log = input(
      'npm.log',
      [
        `I1127 08:14:00.000000       1 podController.go:224] [ADD POD EVENT] ${MARK}oven-0 ${MARK}bakery 10.60.0.10 on ${node}`,
        `E1127 08:14:02.000000       1 ipsetmanager.go:88] failed to add 10.60.7.77,tcp:8080 to set podlabel-${MARK}flavour:${MARK}pistachio`,
        `W1127 08:14:02.000000       1 x.go:1] {"pod":"${MARK}gone/${MARK}eclair-99","ip":"fd00:10:60::77","hash":"azure-npm-1234567890"}`,
        `panic in ${MARK}nowhere.${MARK}svc.cluster.local: \u001b[31m${MARK}colour\u001b[0m ${MARK}日本 "${MARK} token eyJhbGciOiJSUzI1NiIs.${MARK}"`,
        '',
      ].join('\n'),
    )
    redacted = await redact('marked', taken, cluster, log)
    original = [...filesIn(taken).values(), ...[cluster, log].map(path => readFileSync(path))].map(String).join('\n')
  })

  test('is redacted without a word about it', () => {
    expect(redacted).toMatchObject({exitCode: 0, stderr: '', stdout: `${redacted.target}\n`})
    expect(manifestOf(redacted.files).redacted).toBe(true)
    expect([...redacted.files.keys()].filter(path => path.startsWith('nodes')).map(path => path.replace(/.*\//, ''))).toEqual([
      'conntrack-count.txt',
      'ipset-list.txt',
      'ipset-save.txt',
      'iptables-nft-save.txt',
      'npm.log',
      'versions.txt',
    ])
    expect(original.match(new RegExp(MARK, 'g'))?.length).toBeGreaterThan(300)
  })

  test('is understood as before, with all names and without any difference', async () => {
    const {stdout, exitCode} = await runCli(['diff', '--program-only', '--from', redacted.target])
    expect([stdout, exitCode]).toEqual([expect.stringMatching(/^node \S+: clean/), 0])
    const translated = await runCli(['translate', '--from', redacted.target, '-o', 'json'])
    const {policies, unresolved} = JSON.parse(translated.stdout) as {policies: {policy: string}[]; unresolved: string[]}
    expect(policies.filter(({policy}) => policy === 'unknown')).toEqual([])
    expect([policies.length > 5, unresolved]).toEqual([true, []])
  })

  test('says of a name that it has not that all its names are others', async () => {
    const {stderr, exitCode} = await runCli(['describe', `pod/${MARK}oven-0`, '--from', redacted.target])
    expect([stderr, exitCode]).toEqual([expect.stringContaining('The dump is redacted: other names'), 1])
    expect(stderr).not.toContain('kubectl get')
  })

  test('leaves no mark in any byte of any file', () => {
    expect(found(redacted.files, new RegExp(MARK))).toEqual([])
  })

  test('leaves no address and no hash of a name', () => {
    const addresses = [...addressesIn(original)].filter(address => !['10.0.0.0', '192.168.0.0'].includes(address))
    expect(addresses.length).toBeGreaterThan(10)
    for (const address of addresses)
      expect(found(redacted.files, new RegExp(`(?<![\\d.])${escaped(address)}(?![\\d.])`))).toEqual([])
    expect(found(redacted.files, /fd00:10:60/)).toEqual([])
    const {files} = redacted
    const hashes = new Set(original.match(/azure-npm-[0-9a-z]+|AZURE-NPM-(?:IN|E)GRESS-[0-9a-z]+/g))
    // Sets of names that every cluster has keep their hash: it tells nothing.
    const told = [...hashes].filter(hash => found(files, new RegExp(`${hash}(?![0-9a-z])`)).length > 0)
    expect(hashes.size).toBeGreaterThan(20)
    const names = new Map([...original.matchAll(/-N (azure-npm-\w+)|create (azure-npm-\w+)/g)].map(([, a, b]) => [a ?? b, true]))
    expect(told.length).toBeLessThan(names.size / 3)
  })

  test('has a log in which the pods are called as everywhere else, and in which the story is still told', () => {
    const text = (file: string) => [...redacted.files].find(([path]) => path.endsWith(file))?.[1].toString() ?? ''
    const log = text('npm.log')
    const [, pod, namespace, address, node] = /\[ADD POD EVENT\] (\S+) (\S+) (\S+) on (\S+)/.exec(log) ?? []
    const {items} = JSON.parse(text('cluster.json')) as {
      items: {kind: string; metadata: {name: string; namespace?: string}; status?: {podIP?: string}; spec?: {nodeName?: string}}[]
    }
    const its = items.find(({kind, metadata}) => kind === 'Pod' && metadata.name === pod)
    expect([its?.metadata.namespace, its?.status?.podIP, its?.spec?.nodeName]).toEqual([namespace, address, node])
    expect(log).toMatch(/^E1127 08:14:02\.000000 {7}1 ipsetmanager\.go:88\] failed to add \S+ to set podlabel-\w+:\w+$/m)
    expect(log.split('\n')).toHaveLength(5)
    expect(text('versions.txt')).toMatch(
      /^npm-agent: 0\.1\.0\nnode: v\d+\.\d+\.\d+\niptables-nft-save --version: iptables-nft-save v1\./,
    )
  })
})

test('a dump of a cluster is redacted before anything is written', async () => {
  await using bakery = await startBakery()
  const target = join(bakery.folder, 'out')
  const {stdout, stderr, exitCode} = await runCli(['dump', '--redact', '-o', target], {env: bakery.api.env})
  expect({stdout, stderr, exitCode}).toEqual({stdout: `${target}\n`, stderr: '', exitCode: 0})
  const files = filesIn(target)
  expect([...files.keys()].filter(path => path.endsWith('npm.log'))).toHaveLength(2)
  const names = 'bakery|storefront|oven|till|pistachio|flavour|eclair|aks-oven-[01]|azure-npm-[01]|10\\.60\\.(?:0\\.[12]0|7\\.77)'
  expect(found(files, new RegExp(`(?<![A-Za-z0-9.])(?:${names})(?![A-Za-z0-9])`))).toEqual([])
  const log = files.get('collection.log')?.toString() ?? ''
  expect(log).toMatch(/^\S+ {2}kubectl npm \S+: begins to collect\n/)
  expect(log).toMatch(/^ {2}iptables-nft-save\.txt +5 ms {2}ok/m)
  expect(log).toMatch(/^ {2}npm\.log +\d+ ms {2}ok {6}GET \/api\/v1\/namespaces\/kube-system\/pods\/azure-npm-/m)
})

test('becomes another dump each time', async () => {
  const again = await redact('again', fixture('captures/v2-base36-nft'))
  const once = await redact('once', fixture('captures/v2-base36-nft'))
  expect(again.files.get('cluster.json')).not.toEqual(once.files.get('cluster.json'))
  expect(manifestOf(again.files).id).not.toBe(manifestOf(once.files).id)
})

interface Objects {
  readonly items: readonly {kind: string; metadata: {name: string; namespace?: string; labels?: Record<string, string>}}[]
}

/** What every file is made of, or what every cluster has. */
const FORM = new Set(
  'http https dns metrics grpc app k8s-app name env component role tier version pod-template-hash linux default kube-system kube-public kube-node-lease mode random size'.split(
    ' ',
  ),
)

const originals = [
  {name: 'dump-v1/clinic', sources: ['dump-v1/clinic'], port: '8080'},
  {name: 'dump-v1/bakery.tgz', sources: ['dump-v1/bakery.tgz'], port: '8080'},
  {name: 'captures/v1-legacy', sources: ['captures/v1-legacy'], port: '8080'},
  {name: 'real-npm/freight-legacy', sources: ['real-npm/freight-legacy'], port: '80'},
] as const

describe.each(originals)('$name, redacted by the verb', ({name, sources, port}) => {
  const paths = sources.map(fixture)
  let before: NodeState[]
  let after: NodeState[]
  let redacted: Awaited<ReturnType<typeof redact>>
  beforeAll(async () => {
    redacted = await redact(name.replaceAll(/\W/g, '-'), ...paths)
    // Without a redaction it is the same dump otherwise.
    const plain = join(folder, `${name.replaceAll(/\W/g, '-')}-plain`)
    await runCli(['dump', '-o', plain, ...paths.flatMap(path => ['--from', path])])
    const nodes = async (path: string) => (await readDump((await readFiles([path])).documents)).nodes
    before = await nodes(plain)
    after = await nodes(redacted.target)
  })

  test('holds no name, no address and no label of before', async () => {
    expect(redacted.exitCode).toBe(0)
    const {documents} = await readFiles(paths)
    const text = documents.map(document => document.text.join('')).join('\n')
    const addresses = [...addressesIn(text)].filter(each => !['10.0.0.0', '192.168.0.0', '10.0.0', '192.168.0'].includes(each))
    expect(addresses.length).toBeGreaterThan(5)
    const left = addresses.filter(each => found(redacted.files, new RegExp(`(?<![\\d.])${escaped(each)}(?![\\d.])`)).length > 0)
    expect(left).toEqual([])
    const objects = JSON.parse(filesIn(`${redacted.target}-plain`).get('cluster.json')?.toString() ?? '') as Objects
    const names = new Set(
      objects.items.flatMap(({metadata: {name: own, namespace = '', labels = {}}}) => [
        own,
        namespace,
        ...Object.entries(labels).flatMap(([key, value]) => [value, ...(key.includes('/') ? [] : [key])]),
      ]),
    )
    const telling = [...names].filter(word => word.length > 3 && !FORM.has(word) && !/^\d+$/.test(word))
    expect(telling.length).toBeGreaterThan(15)
    const where = telling.flatMap(word => found(redacted.files, new RegExp(`(?<![A-Za-z0-9])${escaped(word)}(?![A-Za-z0-9])`)))
    expect(where).toEqual([])
  })

  test('has as many nodes, sets and members, pods and policies', () => {
    const facts = (nodes: readonly NodeState[]) =>
      nodes
        .map(linuxDocuments)
        .map(({sets, saved, cluster, cache, metricNames, hasMembers}) => ({
          backend: saved?.save.backend,
          tables: [...(saved?.save.tables ?? [])].map(([table, {chains}]) => [table, [...chains.values()].map(({line}) => line)]),
          sets: [...(sets?.values() ?? [])].map(({type, members}) => `${type} ${members.length}`).toSorted(),
          hasMembers,
          pods: cluster?.pods.map(({spec}) => spec?.containers?.length),
          policies: cluster?.policies.map(({spec}) => [spec.ingress?.length, spec.egress?.length]),
          cached: cache?.objects.pods.length,
          metrics: metricNames.length,
        }))
        .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    expect(facts(after)).toEqual(facts(before))
  })

  test('every reading verb gives the same answer in other words', async () => {
    const [first, again] = [before[0], after[0]] as [NodeState, NodeState]
    const pairs = (first.cluster?.pods ?? []).map((pod, index) => [pod, again.cluster?.pods[index]] as const)
    const called = (pod: (typeof pairs)[number][0] | undefined) => `${pod?.metadata.namespace}/${pod?.metadata.name}`
    // Objects keep their order, so it is known who is who.
    const renamed = new Map([...pairs.map(([was, is]) => [called(was), called(is)] as const), ['external', 'external']])
    const nodeNames = new Map(
      first.cluster?.nodes.map(({metadata}, index) => [metadata.name, again.cluster?.nodes[index]?.metadata.name]),
    )
    const node = first.node
    const newNode = nodeNames.get(node) ?? node
    const run = async (target: string, on: string, ...words: string[]) => {
      const choice = words[0] === 'trace' ? [] : ['--node', on]
      const {stdout, exitCode} = await runCli([...words, '-o', 'json', '--from', target, ...choice])
      // The node of the other end may not be in the dump: then what happens is unknown, in both.
      expect(exitCode).toBeLessThan(words[0] === 'trace' ? 3 : 2)
      return {answer: JSON.parse(stdout) as Record<string, unknown>, exitCode}
    }
    const both = async (...words: string[]) => {
      const was = await run(`${redacted.target}-plain`, node, ...words)
      const is = await run(redacted.target, newNode, ...words.map(word => renamed.get(word) ?? word))
      expect(is.exitCode).toBe(was.exitCode)
      return [was.answer, is.answer] as const
    }
    type Probe = {
      source: string
      destination: string
      protocol: string
      port: number
      verdict: string
      expected?: {verdict: string}
    }
    const [was, is] = await both('matrix', '--ports', `80,${port},53/udp`)
    const probes = (answer: Record<string, unknown>, name: (end: string) => string | undefined) =>
      (answer['probes'] as Probe[])
        .map(({source, destination, protocol, port: to, verdict, expected}) =>
          [
            name(source),
            name(destination),
            protocol,
            to,
            verdict,
            typeof expected === 'string' ? expected : expected?.verdict,
          ].join(' '),
        )
        .toSorted()
    expect(probes(is, end => end)).toEqual(probes(was, end => renamed.get(end)))
    expect(probes(was, end => end).length).toBeGreaterThan(50)

    const [translated, retranslated] = await both('translate')
    const rules = (answer: Record<string, unknown>) =>
      (answer['policies'] as {direction: string; rules: {action: string; protocol: string; where: {line: number}}[]}[])
        .map(({direction, rules: its}) =>
          [direction, its.map(({action, protocol, where}) => `${action} ${protocol} ${where.line}`)].flat().join(),
        )
        .toSorted()
    expect(rules(retranslated)).toEqual(rules(translated))

    const [drift, newDrift] = await both('diff')
    const items = (answer: Record<string, unknown>) =>
      (answer['items'] as {kind: string; change: string; effect: string; where?: {line?: number}; line?: number}[])
        .map(({kind, change, effect, where, line}) => `${kind} ${change} ${effect} ${where?.line ?? line}`)
        .toSorted()
    expect(items(newDrift)).toEqual(items(drift))

    type SetItem = {set: string; name: string; type: string; members?: string[]}
    const [sets, newSets] = await both('sets')
    const kinds = (answer: Record<string, unknown>) =>
      (answer['items'] as SetItem[])
        .map(({type, members, name: own}) => `${type} ${members?.length} ${own !== 'unknown'}`)
        .toSorted()
    expect(kinds(newSets)).toEqual(kinds(sets))

    const {set} = (newSets['items'] as SetItem[]).find(({name: own}) => own !== 'unknown') as SetItem
    const resolved = await runCli(['resolve', set, '--from', redacted.target, '--node', newNode])
    expect([resolved.exitCode, resolved.stderr]).toEqual([0, ''])

    const [from, to] = (was['probes'] as Probe[])
      .map(({source, destination}) => [source, destination] as const)
      .find(ends => !ends.includes('external')) as [string, string]
    const [trace, newTrace] = (await both('trace', from, to, '--port', port)).map(each => traceSchema.parse(each)) as [
      Trace,
      Trace,
    ]
    const walk = ({verdict, expected, trail}: Trace) => ({
      verdict,
      expected: expected?.verdict,
      trail: trail.map(({where}) => 'chain' in where && `${where.table} ${where.position}`),
    })
    expect(walk(newTrace)).toEqual(walk(trace))
  })
})

describe('what cannot be redacted', () => {
  test('is left out and told, in the dump and to the person', async () => {
    const broken = join(folder, 'broken')
    await runCli(['dump', '--from', fixture('dump-v1/clinic'), '-o', broken])
    writeFileSync(join(broken, 'cluster.json'), '{"items": [{"kind": "Pod", "metadata": {"name": "half-a-')
    writeFileSync(join(broken, 'nodes/aks-system-1/npm-cache.json'), 'no json: half-a-secret')
    const {stderr, exitCode, files} = await redact('mended', broken)
    expect([...files.keys()].filter(path => path.endsWith('json'))).toEqual(['dump.json'])
    expect(found(files, /half-a-/)).toEqual([])
    expect(exitCode).toBe(1)
    expect(stderr).toContain('error: cluster.json: left out: not valid JSON')
    expect(stderr).toContain('warning: aks-system-1: npm-cache.json: left out')
    const [told] = manifestOf(files).nodes
    expect(manifestOf(files).failures.map(({node, document}) => [node, document])).toEqual([
      [undefined, 'cluster.json'],
      [told?.name, 'npm-cache.json'],
    ])
    expect(files.get('collection.log')?.toString()).toMatch(/left out: \S+ npm-cache\.json/)
  })

  test('a failure that was told with names is told without them', async () => {
    const told = join(folder, 'told')
    await runCli(['dump', '--from', fixture('dump-v1/clinic'), '-o', told])
    const path = join(told, 'dump.json')
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as object
    const failures = [
      {
        node: 'aks-system-1',
        document: 'npm.log',
        message: 'GET /api/v1/namespaces/kube-system/pods/azure-npm-x7k2p/log: no route to 10.40.0.4',
        next: 'Try again.',
      },
      {node: 'aks-secret-9', message: 'node aks-secret-9: no agent runs there', next: 'Agents run on: aks-system-1'},
    ]
    writeFileSync(path, JSON.stringify({...manifest, failures}))
    const {files} = await redact('retold', told)
    expect(found(files, /secret|aks-system|x7k2p|10\.40\.0\.4/)).toEqual([])
    const [log, lost] = manifestOf(files).failures
    expect(log?.message).toMatch(/^GET \/api\/v1\/namespaces\/kube-system\/pods\/azure-npm-\w+\/\w+: no route to [\d.]+$/)
    expect(lost?.message).toMatch(/^node \S+: no agent runs there$/)
    expect(lost?.message).toContain(lost?.node ?? '?')
  })
})
