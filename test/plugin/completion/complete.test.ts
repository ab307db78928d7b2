import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {describe, expect, test} from 'vitest'
import {verbs} from '../../../plugin/commands/index.ts'
import {flagsOf} from '../../../plugin/completion/command-line.ts'
import {valuesOfArgument, valuesOfFlag} from '../../../plugin/completion/values.ts'
import {builtFolder, builtPath} from '../../support/built-programs.ts'
import {complete as completeWith} from '../../support/plugin/complete.ts'
import {fixture} from '../../support/plugin/run-cli.ts'

/** What kubectl gets from the bundle on PATH, for words without a cluster. */

const complete = (...words: string[]) => completeWith(builtPath, words)
const namesOf = async (...words: string[]) => Object.keys((await complete(...words)).items)
const bakery = fixture('captures/v2-base36-nft')
const NO_FILES = 4
const FILES = 0

test('where kubectl-npm alone is installed, it completes by a word of its own', async () => {
  const [own, beside] = await Promise.all([
    execa('kubectl-npm', ['__complete', 'translate', '--dir'], {env: {PATH: builtPath}}),
    execa('kubectl_complete-npm', ['translate', '--dir'], {env: {PATH: builtPath}}),
  ])
  expect(own.stdout).toMatch(/^--direction\t.*\n:4$/)
  expect(own.stdout).toBe(beside.stdout)
})

describe('verbs and flags', () => {
  test('every verb is there, with what it does', async () => {
    const {items, directive} = await complete('')
    expect(items).toEqual({
      ...Object.fromEntries(Object.entries(verbs).map(([name, {summary}]) => [name, summary])),
      help: 'Tells more about a verb',
      options: 'Lists the flags that verbs share',
    })
    expect(await namesOf('help', 'tra')).toEqual(['trace', 'translate'])
    expect(directive).toBe(NO_FILES)
  })

  test('only what begins as the word does', async () => {
    expect(await namesOf('tra')).toEqual(['trace', 'translate'])
    expect(await namesOf('translate', '--dir')).toEqual(['--direction'])
    expect(await namesOf('nope', '')).toEqual([])
    expect(await namesOf('--v')).toEqual(['--version'])
  })

  test.each(Object.keys(verbs))('%s has all its flags, with what they are for', async verb => {
    const shape = await verbs[verb]?.load()
    if (!shape) throw new Error('no such verb')
    const flags = Object.entries(flagsOf(shape)).map(([name, {summary}]) => [`--${name}`, summary])
    const {items, directive} = await complete(verb, '--')
    expect(items).toEqual({...Object.fromEntries(flags), '--help': 'Show the help'})
    expect(directive).toBe(NO_FILES)
  })

  test('one dash shows the short ones too', async () => {
    expect(await namesOf('matrix', '-')).toEqual(expect.arrayContaining(['-n', '-o', '-l', '-v', '--output']))
  })

  test('a flag that stands there already is not shown again, unless it may be repeated', async () => {
    const names = await namesOf('translate', '-o', 'json', '--from', 'x', '--local', '--color=never', '--')
    for (const given of ['--output', '--local', '--color']) expect(names).not.toContain(given)
    expect(names).toContain('--from')
  })

  test('a verb without arguments shows its flags at once; one with arguments those', async () => {
    expect(await namesOf('status', '')).toContain('--watch')
    expect(await namesOf('trace', '')).toEqual(['external'])
    expect(await namesOf('trace', 'a/b', 'c/d', '')).toEqual([])
  })
})

describe('values of flags', () => {
  test.each([
    {words: ['translate', '-o', ''], says: ['table', 'wide', 'name', 'iptables', 'json', 'yaml']},
    {words: ['translate', '--output', 'ip'], says: ['iptables']},
    {words: ['translate', '--output=y'], says: ['yaml']},
    {words: ['translate', '-oj'], says: ['json']},
    {words: ['trace', 'a/b', 'c/d', '--protocol', ''], says: ['tcp', 'udp', 'sctp', 'icmp']},
    {words: ['lint', '--fail-on', 'n'], says: ['never']},
    {words: ['translate', '--color', 'a'], says: ['auto', 'always']},
    {words: ['matrix', '--ports', ''], says: []},
    // Behind -- there are no flags.
    {words: ['trace', '--', '-'], says: []},
    // The value of a flag that is missing is what stands behind it.
    {words: ['status', '--node', '--output', ''], says: ['--watch'], part: true},
  ])('$words', async ({words, says, part}) => {
    const {items, directive} = await complete(...words)
    expect(Object.keys(items)).toEqual(part ? expect.arrayContaining(says) : says)
    expect(directive).toBe(NO_FILES)
  })

  test.each([
    {words: ['translate', '--from', '']},
    {words: ['translate', '--from=du']},
    {words: ['translate', 'du']},
    {words: ['lint', 'a.yaml', '']},
    {words: ['compile', '-f', 'du']},
    {words: ['lint', '--filename', '']},
    {words: ['matrix', '--diff', '']},
    {words: ['dump', '-o', '']},
    {words: ['status', '--kubeconfig', '']},
  ])('$words are files, which the shell knows', async ({words}) => {
    expect(await complete(...words)).toEqual({items: {}, directive: FILES})
  })

  test('somebody has said of every flag and argument what its values are', async () => {
    const unknown: string[] = []
    for (const [verb, {load}] of Object.entries(verbs)) {
      const shape = await load()
      for (const [name, flag] of Object.entries(flagsOf(shape)))
        if (flag.type === 'option' && !flag.options && !valuesOfFlag(verb, name)) unknown.push(`${verb} --${name}`)
      for (const name of Object.keys(shape.args)) if (!valuesOfArgument(verb, name)) unknown.push(`${verb} ${name}`)
    }
    expect(unknown).toEqual([])
  })
})

describe('names in a dump', () => {
  test.each([
    {words: ['translate', '--node', ''], says: ['aks-oven-0', 'aks-oven-1']},
    {words: ['trace', 'bakery/ov'], says: ['bakery/oven-0', 'bakery/oven-1']},
    {words: ['trace', 'bakery/oven-0', 'bakery/ov'], says: ['bakery/oven-1']},
    {words: ['trace', 'ex'], says: ['external']},
    {words: ['trace', 'node/'], says: ['node/aks-oven-0', 'node/aks-oven-1']},
    {words: ['trace', '-n', 'bakery', 'po/ov'], says: ['po/oven-0', 'po/oven-1']},
    {words: ['trace', 'sts/ov'], says: ['sts/oven']},
    {words: ['describe', 'ns/b'], says: ['ns/bakery']},
    {words: ['describe', 'policy/bakery/ov'], says: ['policy/bakery/oven']},
    {words: ['translate', '--policy', 'policy/lab'], says: ['policy/lab/taster']},
    {words: ['policies', '--sort-by', 'ne'], says: ['new-conns']},
    {words: ['translate', '--pod', 'bakery/led'], says: ['bakery/ledger-0']},
    {
      words: ['translate', '--policy', 'bakery/'],
      says: ['closed', 'oven', 'line', 'mixer', 'ledger-in-ns-books'].map(inNamespace('bakery')),
    },
    {words: ['translate', '--policy=lab'], says: ['lab/taster']},
    {words: ['matrix', '-n', 'b'], says: ['bakery']},
    {words: ['sets', 'podlabel-app:ov'], says: ['podlabel-app:oven']},
    {words: ['translate', '--set', 'azure-npm-5iu'], says: ['azure-npm-5iu1htjq9hd97m4vb2r9']},
    {words: ['resolve', 'storefront/ki'], says: ['storefront/kiosk']},
    {words: ['resolve', 'AZURE-NPM-INGRESS-8g'], says: ['AZURE-NPM-INGRESS-8gp9s7ca2i']},
    {words: ['translate', '--chain', 'AZURE-NPM-AC'], says: ['AZURE-NPM-ACCEPT']},
  ])('$words', async ({words, says}) => {
    const [verb = '', ...rest] = words
    expect(await namesOf(verb, '--from', bakery, ...rest)).toEqual(says)
  })

  test('a set tells what it means', async () => {
    expect((await complete('sets', '--from', bakery, 'podlabel-app:ov')).items).toEqual({'podlabel-app:oven': 'pods app=oven'})
    expect((await complete('sets', '--from', bakery, 'azure-npm-5iu')).items).toEqual({
      'azure-npm-5iu1htjq9hd97m4vb2r9': 'podlabel-app:oven',
    })
  })

  test('what stands there already is not shown again', async () => {
    expect(await namesOf('sets', '--from', bakery, 'podlabel-app:oven', 'podlabel-app:')).not.toContain('podlabel-app:oven')
    expect(await namesOf('translate', '--from', bakery, '--node', 'aks-oven-0', '--node', '')).toEqual(['aks-oven-1'])
  })

  test('files of cluster objects alone have names too, also for verbs that read them with -f', async () => {
    const cluster = join(bakery, 'cluster.yaml')
    expect(await namesOf('trace', '--from', cluster, 'storefront/ti')).toEqual(['storefront/till-0', 'storefront/till-1'])
    expect(await namesOf('compile', '-f', cluster, '--node', '')).toEqual(expect.arrayContaining(['aks-oven-0']))
  })

  test('nothing is found in what is missing, damaged, or standard input', async () => {
    for (const path of ['/no/such/dump', fixture('../../support/plugin/run-cli.ts'), '-'])
      expect(await complete('translate', '--from', path, '--policy', '')).toEqual({items: {}, directive: NO_FILES})
  })

  test('a large dump has the names of its cluster objects, and those in rules are not waited for', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubectl-npm-large-'))
    try {
      const rules = join(folder, 'rules.txt')
      const line = `# ${'-'.repeat(1000)}\n`
      writeFileSync(rules, `${readFileSync(join(bakery, 'iptables-save.txt'), 'utf8')}${line.repeat(20_000)}`)
      const from = ['--from', rules, '--from', join(bakery, 'cluster.yaml')]
      expect(await namesOf('translate', ...from, '--policy', 'storefront/ki')).toEqual(['storefront/kiosk'])
      expect(await namesOf('translate', ...from, '--set', '')).toEqual([])
      writeFileSync(rules, line.repeat(80_000))
      expect(await namesOf('translate', ...from, '--policy', '')).toEqual([])
    } finally {
      rmSync(folder, {recursive: true})
    }
  })

  test('names that a shell would not take as they stand are left out', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubectl-npm-hostile-'))
    try {
      const names = ['fine', '$(touch /tmp/x)', '`id`', 'a;b', 'a b', 'a\u001b[2Jb', 'a\tb', "a'b"]
      const items = names.map(name => ({apiVersion: 'v1', kind: 'Pod', metadata: {name, namespace: 'shop'}, spec: {}}))
      const file = join(folder, 'cluster.json')
      writeFileSync(file, JSON.stringify({apiVersion: 'v1', kind: 'List', items}))
      expect(await namesOf('trace', '--from', file, 'shop/')).toEqual(['shop/fine'])
    } finally {
      rmSync(folder, {recursive: true})
    }
  })
})

test('the executable says nothing else, and ends well, whatever the words', async () => {
  const executable = join(builtFolder, 'kubectl_complete-npm')
  for (const words of [[], ['translate'], ['translate', '--from'], ['translate', '--from', '/no', '--node', ''], ['', '', '']]) {
    const {stdout, stderr, exitCode} = await execa(executable, words, {env: {PATH: builtPath}, input: ''})
    expect(stdout).toMatch(/(?:^|\n):\d$/)
    expect([stderr, exitCode]).toEqual(['', 0])
  }
})

function inNamespace(namespace: string) {
  return (name: string) => `${namespace}/${name}`
}
