import {cp, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import {expect, test} from 'vitest'
import packageFacts from '../../package.json' with {type: 'json'}
import {type AgentRefusal, Client} from '../support/agent/client.ts'
import {startServe} from '../support/agent/serve-process.ts'
import {builtFolder, builtPath} from '../support/built-programs.ts'
import {describeKernel} from '../support/kernel/describe.ts'
import {loadRules, loadSets} from '../support/kernel/load.ts'
import {openNamespace} from '../support/kernel/namespace.ts'
import {kubeconfigFor, startFakeApiServer} from '../support/plugin/fake-api-server.ts'
import {onTerminal} from '../support/plugin/on-terminal.ts'
import {fixture} from '../support/plugin/run-cli.ts'
import {shopLines} from '../support/shop-nodes.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

/** The bundle: on a terminal, where libraries do more than in a pipe, and what of it is loaded. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BUILD = join(ROOT, 'scripts/build.ts')

test.each(['xterm', 'dumb'])('runs on a terminal of kind %s', async TERM => {
  const env = {PATH: builtPath, TERM, NO_COLOR: ''}
  const version = await onTerminal('kubectl-npm --version', env)
  expect(version.stdout).toContain(`kubectl-npm/${packageFacts.version}`)
  expect(version.exitCode).toBe(0)
  const sets = await onTerminal(`kubectl-npm sets --from ${fixture('captures/v2-base36-nft')}`, env)
  expect(sets.stdout).toContain('podlabel-app:oven')
  expect(sets.exitCode).toBe(0)
})

test('a long answer on a terminal goes through the pager, a short one does not', async () => {
  const env = {PATH: builtPath, NO_COLOR: '1', PAGER: "sed 's/^/PAGED /'"}
  const bakery = fixture('captures/v2-base36-nft')
  const long = await onTerminal(`kubectl-npm translate ${bakery}`, env)
  const lines = long.stdout.trimEnd().split('\n')
  expect(lines.length).toBeGreaterThan(60)
  expect(lines.filter(line => !line.startsWith('PAGED '))).toEqual([])
  expect(long.exitCode).toBe(0)
  const unpaged = [
    await onTerminal(`kubectl-npm sets app=oven --from ${bakery}`, env),
    await onTerminal(`kubectl-npm translate ${bakery} --no-pager`, env),
    await onTerminal(`kubectl-npm translate ${bakery} -o json`, env),
    await onTerminal(`kubectl-npm translate ${bakery}`, {...env, PAGER: ''}),
    await onTerminal(`kubectl-npm translate ${bakery}`, {...env, PAGER: '/no/such/pager'}),
    await onTerminal(`kubectl-npm translate ${bakery} | cat`, env),
  ]
  for (const {stdout, exitCode} of unpaged) {
    expect(stdout).toContain('oven')
    expect(stdout).not.toContain('PAGED')
    expect(exitCode).toBe(0)
  }
  const left = await onTerminal(`kubectl-npm translate ${bakery}`, {...env, PAGER: 'head -1'})
  expect([left.stdout.trimEnd().split('\n').length, left.exitCode]).toEqual([1, 0])
})

test('an error on a terminal is told in words', async () => {
  const {stdout, exitCode} = await onTerminal('kubectl-npm sets --from /no/such/dump', {PATH: builtPath})
  expect(stdout).toContain('error: --from /no/such/dump: no such file or folder')
  expect(exitCode).toBe(2)
})

/** Beside `dist` and `man`. */
const PACKAGE_FILES = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']
/** Of which koffi's native parts and the libraries of the agent are the most; packed it is 1.9 MB. */
const MOST_UNPACKED_BYTES = 8_000_000

test('the package has the bundle, the man pages and what tells of them, and nothing else', async () => {
  await using stage = await temporaryFolder()
  await cp(builtFolder, join(stage.path, 'dist'), {recursive: true})
  for (const name of [...PACKAGE_FILES, 'man', 'core', 'docs', 'test/golden'])
    await cp(join(ROOT, name), join(stage.path, name), {recursive: true})
  const {stdout} = await execa('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {cwd: stage.path})
  const [packed] = JSON.parse(stdout) as [{files: {path: string; mode: number}[]; unpackedSize: number}]
  const others = packed.files.map(({path}) => path).filter(path => !/^(?:dist|man)\//.test(path))
  expect(others.toSorted()).toEqual(PACKAGE_FILES)
  const inDist = new Set(packed.files.map(({path}) => /^dist\/([^/]+)/.exec(path)?.[1]).filter(name => name !== undefined))
  expect([...inDist].toSorted()).toEqual((await readdir(builtFolder)).toSorted())
  const modeOf = (file: string) => packed.files.find(({path}) => path === file)?.mode
  for (const file of Object.values(packageFacts.bin)) expect([file, modeOf(file)]).toEqual([file, 0o755])
  for (const page of packageFacts.man) expect([page, modeOf(page.replace('./', ''))]).toEqual([page, 0o644])
  expect(packageFacts.man).toHaveLength((await readdir(join(ROOT, 'man'))).length)
  expect(packed.unpackedSize).toBeLessThan(MOST_UNPACKED_BYTES)
})

test('koffi of the bundle finds its native part there', async () => {
  const code = `const {default: koffi} = await import(process.argv[1]); console.log(koffi.load(null).func('int getpid()')() === process.pid)`
  const chunk = join(builtFolder, 'lib', 'koffi', 'koffi.js')
  const {stdout} = await execa(process.execPath, ['--input-type=module', '-e', code, chunk], {cwd: builtFolder})
  expect(stdout).toBe('true')
})

test('a native part of a platform that is not known ends the build', async () => {
  await using folder = await temporaryFolder()
  const {stderr, exitCode} = await execa(
    process.execPath,
    [BUILD, join(folder.path, 'dist'), '--native', 'linux-x64,plan9-x64'],
    {
      reject: false,
    },
  )
  expect(stderr).toContain('--native plan9-x64: there is linux-x64, linux-arm64, win32-x64')
  expect(exitCode).toBe(1)
})

describeKernel('top on a node', () => {
  test('takes the tool once where the native part is there, and for each sample where it is not', async () => {
    await using folder = await temporaryFolder()
    await using namespace = await openNamespace()
    const {sets, rules} = shopLines
    await loadSets(namespace, sets.join('\n'))
    await loadRules(namespace, 'nft', rules.join('\n'))
    const calls = join(folder.path, 'calls')
    const {stdout: tool} = await execa('sh', ['-c', 'command -v iptables-nft-save'])
    const recorder = `#!/bin/sh\necho "$*" >> ${calls}\nexec ${tool} "$@"\n`
    await writeFile(join(folder.path, 'iptables-nft-save'), recorder, {mode: 0o755})

    async function savesOfTable(dist: string): Promise<number> {
      await writeFile(calls, '')
      const args = [`PATH=${folder.path}:${builtPath}`, process.execPath, join(dist, 'lib', 'kubectl-npm.js')]
      const {stdout} = await namespace.run('env', [...args, 'top', '--local', '--once', '-o', 'json'])
      expect(JSON.parse(stdout)).toMatchObject({summary: {policies: 2}})
      return (await readFile(calls, 'utf8')).split('\n').filter(line => line.includes('-t filter')).length
    }
    expect(await savesOfTable(builtFolder)).toBe(1)
    const plain = join(folder.path, 'dist')
    await cp(builtFolder, plain, {recursive: true})
    await rm(join(plain, 'build'), {recursive: true})
    expect(await savesOfTable(plain)).toBeGreaterThan(1)
  })
})

/** Says which files of the program are loaded. */
const FILES = `import {registerHooks} from 'node:module'
registerHooks({load(url, context, next) {
  process._rawDebug('loaded ' + url)
  return next(url, context)
}})`

/** What the agent has loaded when it has answered all that a viewer may ask. */
async function loadedByAgent(serveFlags: readonly string[]): Promise<string> {
  await using folder = await temporaryFolder()
  const nodeOptions = ['--import', `data:text/javascript,${encodeURIComponent(FILES)}`]
  await using agent = await startServe({folder: folder.path, nodeOptions, serveFlags})
  await using client = await Client.openAsRoot(agent.rootSocket)
  await client.ask('status')
  await client.read('ipset-save.txt')
  const refused = await client.ask('rollback', {}).catch((error: AgentRefusal) => error.refusal?.code)
  expect(refused).toEqual(serveFlags.includes('--read-only') ? 'READ_ONLY' : expect.objectContaining({kind: 'WriteResult'}))
  const urls = agent.log.flatMap(line => /^loaded (file:.*)$/.exec(line)?.[1] ?? []).filter(url => url.includes(builtFolder))
  expect(urls.length).toBeGreaterThan(5)
  return (await Promise.all(urls.map(url => readFile(new URL(url), 'utf8')))).join('\n')
}

/** Words that only what writes has. */
const WRITING = ['restore-points', 'flock', 'too many writes to this node']

test('an agent that only reads loads nothing that writes', async () => {
  const reading = await loadedByAgent(['--read-only'])
  const writing = await loadedByAgent([])
  for (const word of WRITING) {
    // The texts themselves are megabytes.
    expect([word, writing.includes(word), reading.includes(word)]).toEqual([word, true, false])
  }
})

/** Says how much of the program is loaded. */
const LOADED = `import {registerHooks} from 'node:module'
let characters = 0
registerHooks({load(url, context, next) {
  const loaded = next(url, context)
  characters += loaded.source?.length ?? 0
  return loaded
}})
process.on('exit', () => process._rawDebug('loaded ' + characters))`
async function charactersLoaded(words: readonly string[]): Promise<number> {
  const hook = `data:text/javascript,${encodeURIComponent(LOADED)}`
  const main = join(builtFolder, 'lib', 'kubectl-npm.js')
  const {stderr} = await execa(process.execPath, ['--import', hook, main, ...words], {reject: false})
  return Number(/loaded (\d+)/.exec(stderr)?.[1])
}

/** oclif has 200,000 of it, the two data planes 250,000. The library of schemas, or that of YAML, would be 100,000 more. */
const MOST_CHARACTERS = 750_000

test.each([
  ['compile', '-f', 'real-npm/shop-sha256/cluster.json'],
  ['translate', '--from', 'real-npm/shop-sha256'],
  ['diff', '--from', 'real-npm/shop-sha256'],
])('%s of files loads no library that it does not need', async (verb, flag, file) => {
  const loaded = await charactersLoaded([verb, flag, fixture(file)])
  expect(loaded).toBeGreaterThan(100_000)
  expect(loaded).toBeLessThan(MOST_CHARACTERS)
})

test.each(['--version', '--help'])('%s does not wait for oclif', async word => {
  const loaded = await charactersLoaded([word])
  expect(loaded).toBeGreaterThan(10_000)
  expect(loaded).toBeLessThan(60_000)
})

/** Says how much is loaded when the screen is drawn first, and at the end whether Node's second HTTP client is. */
const FIRST_FRAME = `import {registerHooks} from 'node:module'
let characters = 0
registerHooks({load(url, context, next) {
  const loaded = next(url, context)
  characters += loaded.source?.length ?? 0
  return loaded
}})
const write = process.stdout.write
process.stdout.write = (text, ...more) => {
  if (String(text).includes('Connecting to the agents')) process._rawDebug('loaded ' + characters)
  return write.call(process.stdout, text, ...more)
}
process.on('exit', () => process._rawDebug('undici ' + process.moduleLoadList.some(name => name.includes('undici'))))`
/** oclif has 200,000 of it. What talks to a cluster would be 250,000 more, what reads keys 400,000. */
const MOST_AT_FIRST_FRAME = 330_000

test('the first frame of top waits for nothing that it does not need', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'kubeconfig')
  await writeFile(file, kubeconfigFor('http://127.0.0.1:1'))
  const hook = `data:text/javascript,${encodeURIComponent(FIRST_FRAME)}`
  const env = {PATH: builtPath, TERM: 'xterm', KUBECONFIG: file, NODE_OPTIONS: `--import ${hook}`}
  const {stdout, exitCode} = await onTerminal('kubectl-npm top', env)
  const loaded = Number(/loaded (\d+)/.exec(stdout)?.[1])
  expect(loaded).toBeGreaterThan(100_000)
  expect(loaded).toBeLessThan(MOST_AT_FIRST_FRAME)
  expect(stdout).toContain('error: the API server cannot be reached')
  expect(stdout).toContain('undici false')
  expect(exitCode).toBe(2)
})

test('what lays out screens decodes its program without asking for it', async () => {
  const lib = join(builtFolder, 'lib')
  const texts = await Promise.all(
    (await readdir(lib)).filter(name => name.endsWith('.js')).map(name => readFile(join(lib, name), 'utf8')),
  )
  const layout = texts.filter(text => text.includes('fetching of the wasm failed'))
  expect(layout).toHaveLength(1)
  expect(layout[0]?.includes('fetch(')).toBe(false)
})

/** It has 120,000; the library for requests alone would be 700,000 more. */
const MOST_OF_CLIENT = 200_000

test("Kubernetes' client is loaded only without kubectl, and little of it", async () => {
  await using api = await startFakeApiServer({agents: {}})
  const hook = `data:text/javascript,${encodeURIComponent(LOADED)}`
  const main = join(builtFolder, 'lib', 'kubectl-npm.js')
  const charactersVia = async (via: string): Promise<number> => {
    const args = ['--import', hook, main, 'translate', '--via', via]
    const {stderr} = await execa(process.execPath, args, {reject: false, env: api.env})
    expect(stderr).toContain('no agent runs in namespace kubectl-npm')
    return Number(/loaded (\d+)/.exec(stderr)?.[1])
  }
  // Without a program to start there is no library to start programs.
  const [kubectl, library] = [await charactersVia('kubectl'), await charactersVia('library')]
  expect(library - kubectl).toBeGreaterThan(-MOST_OF_CLIENT)
  expect(library - kubectl).toBeLessThan(MOST_OF_CLIENT)
  const files = await execa('grep', ['-l', 'applyToHTTPSOptions', '-r', join(builtFolder, 'lib')])
  expect(files.stdout.split('\n')).toHaveLength(2)
})
