import {cp, mkdir, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, expect, test} from 'vitest'
import packageFacts from '../../package.json' with {type: 'json'}
import {describeWhere} from '../support/describe-where.ts'
import {startBakery} from '../support/plugin/bakery-dump.ts'
import {kubeconfigFor} from '../support/plugin/fake-api-server.ts'
import {fixture, runCli} from '../support/plugin/run-cli.ts'
import {bundleProgram} from './lab/bundle-program.ts'
import {windowsTools} from './lab/requirements.ts'
import {FIRST_START_MS, openWindows, type Windows, type WindowsResult, windowsPath} from './lab/windows.ts'

const {tools, missing} = await windowsTools()
const ROOT = join(import.meta.dirname, '../..')

describeWhere(missing, 'the plugin as a Windows program', () => {
  let windows: Windows
  let program: string
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<WindowsResult> =>
    windows.node([windowsPath(join(program, 'kubectl-npm')), ...args], env)
  /** The same for what needs a newer Node. */
  const runNewer = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<WindowsResult> =>
    windows.node([...windows.newerNode, windowsPath(join(program, 'kubectl-npm')), ...args], env)
  /** A dump on drive C, in a folder that has a name as people give them. */
  const DUMP = 'C:\\Users\\Jörg K\\node dump'

  beforeAll(async () => {
    windows = await openWindows(tools as NonNullable<typeof tools>)
    program = join(windows.folder, 'dist')
    await execa(process.execPath, [join(ROOT, 'scripts/build.ts'), program, '--native', 'win32-x64'])
    const folder = join(windows.drive, 'Users', 'Jörg K', 'node dump')
    await mkdir(join(folder, '..'), {recursive: true})
    await cp(fixture('captures/v2-base36-nft'), folder, {recursive: true})
  }, FIRST_START_MS)
  afterAll(() => windows?.[Symbol.asyncDispose]())

  test('says its version and its system', async () => {
    const {stdout, exitCode} = await run(['--version'])
    expect(stdout).toMatch(new RegExp(`^kubectl-npm/${packageFacts.version} win32-x64 node-v`))
    expect(exitCode).toBe(0)
  })

  test.each([
    {what: 'a folder on a drive', from: [DUMP]},
    {what: 'files of it', from: [`${DUMP}\\iptables-save.txt`, `${DUMP}/ipset-save.txt`, `${DUMP}\\cluster.yaml`]},
    {what: 'a path from another drive', from: [windowsPath(fixture('captures/v2-base36-nft'))]},
  ])('translates $what as on Linux', async ({from}) => {
    const {stdout, stderr, exitCode} = await run(['translate', ...from.flatMap(path => ['--from', path])])
    const onLinux = await runCli(['translate', '--from', fixture('captures/v2-base36-nft')])
    expect(stderr).toBe('')
    expect(stdout.split('\n').slice(1)).toEqual(onLinux.stdout.split('\n').slice(1))
    expect(exitCode).toBe(0)
  })

  test('compares a dump with its objects, and says by its exit code what it found', async () => {
    const drifted = await run(['diff', '--from', windowsPath(fixture('drifted'))])
    const onLinux = await runCli(['diff', '--from', fixture('drifted')])
    expect(drifted.stdout).toBe(onLinux.stdout)
    expect(drifted.exitCode).toBe(onLinux.exitCode)
    expect(drifted.exitCode).toBe(1)
  })

  test('reads what was taken on a Windows node, in the encoding of Windows PowerShell', async () => {
    const folder = join(windows.drive, 'hns')
    await mkdir(folder, {recursive: true})
    for (const name of ['networks', 'endpoints']) {
      const text = await readFile(fixture(`hns/${name}-v1.json`), 'utf8')
      const content = JSON.stringify((JSON.parse(text) as {Output: object}).Output, null, 4).replaceAll('\n', '\r\n')
      // As > writes it there: UTF-16 with its mark.
      await writeFile(join(folder, `hns-${name}.json`), Buffer.from(`\uFEFF${content}`, 'utf16le'))
    }
    const {stdout, exitCode} = await run(['translate', '--from', 'C:\\hns'])
    const onLinux = await runCli(['translate', '--from', folder])
    expect(stdout).toBe(onLinux.stdout)
    expect(stdout).toContain('shop/')
    expect(exitCode).toBe(0)
  })

  test('is a program that Windows finds by its name, in a folder on PATH', async () => {
    const node = dirname((tools as NonNullable<typeof tools>).node)
    const path = [program, node].map(windowsPath).join(';')
    for (const [name, args, says] of [
      ['kubectl-npm', ['translate', '--from', DUMP], 'bakery/closed  Ingress'],
      ['kubectl_complete-npm', ['tran'], 'translate'],
    ] as const) {
      const {stdout, stderr} = await windows.run('cmd', ['/c', name, ...args], {WINEPATH: path})
      expect(stdout, stderr).toContain(says)
    }
  })

  test('writes dumps into folders and archives, and reads them', async () => {
    const nodes = windowsPath(fixture('two-nodes'))
    const [folder, archive] = ['C:\\dumps of today\\first', 'C:\\dumps of today\\second.tgz']
    for (const [from, to] of [
      [nodes, folder],
      [folder, archive],
    ] as const) {
      expect(await run(['dump', '--from', from, '-o', to])).toMatchObject({exitCode: 0, stdout: `${to}\n`})
      const read = await run(['translate', '--node', 'aks-oven-1', '--from', to])
      const onLinux = await runCli(['translate', '--node', 'aks-oven-1', '--from', fixture('two-nodes')])
      expect(read.stdout).toBe(onLinux.stdout)
    }
    const replaced = await run(['dump', '--redact', '--force', '--from', archive, '-o', folder])
    expect(replaced).toMatchObject({exitCode: 0, stdout: `${folder}\n`})
    expect(await readdir(join(windows.drive, 'dumps of today'))).toEqual(['first', 'second.tgz'])
  })

  test('names files in SARIF so that any system reads them', async () => {
    const cluster = join(windows.drive, 'Users', 'Jörg K', 'cluster.yaml')
    await cp(fixture('two-nodes/cluster.yaml'), cluster)
    const {stdout} = await run(['lint', '-f', 'C:\\Users\\Jörg K\\cluster.yaml', '-o', 'sarif'])
    const uris = [...stdout.matchAll(/"uri": "([^"]*)"/g)].map(([, uri]) => uri)
    expect([...new Set(uris)]).toEqual(['file:///C:/Users/J%C3%B6rg%20K/cluster.yaml'])
  })

  test('names a path that is not there as the person wrote it', async () => {
    const {stderr, exitCode} = await run(['translate', '--from', 'C:\\no such\\dump'])
    expect(stderr).toContain('C:\\no such\\dump')
    expect(stderr).toContain('no such file or folder')
    expect(exitCode).toBe(2)
  })

  test('says that kubectl is missing where it is asked for, and else goes without it', async () => {
    // It is found in the folder that Windows has for the person, though there is one that HOME names.
    const users = await readdir(join(windows.drive, 'users'))
    const config = join(windows.drive, 'users', users.find(name => name !== 'Public') ?? '', '.kube', 'config')
    await mkdir(join(config, '..'), {recursive: true})
    await writeFile(config, kubeconfigFor('http://127.0.0.1:1'))
    const home = {HOME: 'C:\\nobody'}
    const {stderr, exitCode} = await runNewer(['policies', '--via', 'kubectl'], home)
    expect(stderr).toContain('error: kubectl is not there')
    expect(exitCode).toBe(2)
    const without = await runNewer(['policies'], home)
    await rm(config)
    expect(without.stderr).toContain('error: the API server cannot be reached')
    expect(without.exitCode).toBe(2)
  })

  test('comes to agents through kubectl.exe', async () => {
    await using bakery = await startBakery()
    const script = windowsPath(await bundleProgram('kubectl', join(windows.folder, 'kubectl')))
    await windows.install('kubectl.c', 'kubectl.exe')
    const parameters = join(windows.folder, 'parameters.json')
    const env = {
      STAND_IN_NODE: windowsPath((tools as NonNullable<typeof tools>).node),
      STAND_IN_KUBECTL: script,
      STAND_IN_PARAMETERS: windowsPath(parameters),
      KUBECONFIG: windowsPath(bakery.api.env.KUBECONFIG),
    }
    const {stdout, stderr, exitCode} = await runNewer(['translate', '--node', 'aks-oven-0'], env)
    const onLinux = await runCli(['translate', '--node', 'aks-oven-0'], {env: bakery.api.env})
    expect(stderr).toBe('')
    expect(stdout).toBe(onLinux.stdout)
    expect(exitCode).toBe(0)
    // A port of the loopback is open to every program: only who knows the prefix comes through.
    expect(JSON.parse(await readFile(parameters, 'utf8'))).toContainEqual(expect.stringMatching(/^--api-prefix=\/[\w-]{32}\/$/))
    await rm(join(windows.drive, 'windows/system32/kubectl.exe'))
  })
})
