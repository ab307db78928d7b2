import {mkdir, readdir, readFile, stat} from 'node:fs/promises'
import {delimiter, join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {z} from 'zod'
import packageFacts from '../../package.json' with {type: 'json'}
import lock from '../../package-lock.json' with {type: 'json'}
import {platforms} from '../../scripts/executables/platforms.ts'
import {runtimeFor, runtimes} from '../../scripts/platforms/runtimes.ts'
import {binaryFolder, kubectlProgram, missingBinaries} from '../cluster/lab/binaries.ts'
import {describeWhere} from '../support/describe-where.ts'
import {freshMachine, noFreshMachine} from '../support/executables/fresh-machine.ts'
import {holdUp} from '../support/executables/hold-up.ts'
import {openKrewIndex} from '../support/executables/krew-index.ts'
import {type TemporaryFolder, temporaryFolder} from '../support/temporary-folder.ts'

const ROOT = join(import.meta.dirname, '../..')
const BASE_URL = 'https://files.example/kubectl-npm/v0'
const here = platforms.find(({runtime}) => runtime === `${process.platform}-${process.arch}`)
const missing =
  here === undefined
    ? `there is no executable for ${process.platform} on ${process.arch}`
    : await runtimeFor(here.runtime).then(
        () => undefined,
        (error: Error) => `Node for it cannot be had: ${error.message}`,
      )

test('executables have the version of Node that the lock file has', () => {
  // The registry has no newer one for Windows on arm64.
  const {'win32-arm64': older, ...others} = runtimes
  const versions = Object.values(others).map(({version}) => version)
  const [locked] = new Set(versions)
  expect(new Set(versions)).toEqual(new Set([lock.packages['node_modules/node'].version]))
  expect(older.version.split('.')[0]).toBe(locked?.split('.')[0])
})

test('a system that there is no executable for is refused, and those that there are named', async () => {
  const {exitCode, stderr} = await execa(
    process.execPath,
    [join(ROOT, 'scripts/executables/build.ts'), '--platform', 'plan9-mips'],
    {
      reject: false,
    },
  )
  expect({exitCode, stderr}).toEqual({
    exitCode: 2,
    stderr: `error: --platform plan9-mips: there is ${platforms.map(({name}) => name).join(', ')}`,
  })
})

test('a folder is for one executable', async () => {
  const words = [join(ROOT, 'scripts/executables/build.ts'), '--unpacked', '/nowhere']
  const {exitCode, stderr} = await execa(process.execPath, words, {reject: false})
  expect({exitCode, stderr}).toEqual({
    exitCode: 2,
    stderr: 'error: --unpacked is for one executable\n  Say which: --platform linux-amd64',
  })
})

test('a base URL that krew could not fetch from is refused', async () => {
  const words = [join(ROOT, 'scripts/executables/build.ts'), '--base-url', 'files.example/v0']
  const {exitCode, stderr} = await execa(process.execPath, words, {reject: false})
  expect(exitCode).toBe(2)
  expect(stderr).toContain('error: --base-url files.example/v0 is no URL that krew fetches from')
})

describeWhere(missing, 'the executable for this system', () => {
  let folder: TemporaryFolder
  let builds: readonly [string, string]
  let program: string
  const platform = here as NonNullable<typeof here>
  const base = `kubectl-npm_${packageFacts.version}_${platform.name.replace('-', '_')}`

  /** Nothing is on PATH, and the home is empty. */
  const run = (args: readonly string[], options: {file?: string; env?: Readonly<Record<string, string>>} = {}) =>
    execa(options.file ?? program, args, {
      reject: false,
      extendEnv: false,
      env: {PATH: '', HOME: join(folder.path, 'home'), ...options.env},
      cwd: join(folder.path, 'home'),
    })

  beforeAll(async () => {
    folder = await temporaryFolder()
    builds = [join(folder.path, 'a'), join(folder.path, 'b')]
    await mkdir(join(folder.path, 'home'))
    await mkdir(join(folder.path, 'elsewhere'))
    const flags = ['--platform', platform.name, '--base-url', `${BASE_URL}/`]
    // The second one elsewhere, with other rights for new files, in another time zone and another year, and held up as on a busy machine.
    const clock =
      'globalThis.Date = class extends Date { constructor(...words) { words.length ? super(...words) : super(978307200000) } }'
    const other = {
      env: {
        TMPDIR: join(folder.path, 'elsewhere'),
        TZ: 'Asia/Tokyo',
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURI(clock)}`,
      },
      cwd: join(folder.path, 'elsewhere'),
      detached: true,
    }
    const making = [{}, other].map((options, index) => {
      const words = [process.execPath, join(ROOT, 'scripts/executables/build.ts'), ...flags, '--output', builds[index] ?? '']
      return execa('sh', ['-c', `umask 0${index}77; exec "$@"`, 'sh', ...words], options)
    })
    await using _ = holdUp(making[1]?.pid as number)
    await Promise.all(making)
    await execa('tar', ['-xzf', join(builds[0], `${base}.tar.gz`), '-C', folder.path])
    program = join(folder.path, platform.program)
    // Node is 150 MB, and is fetched the first time.
  }, 600_000)
  afterAll(() => folder?.[Symbol.asyncDispose]())

  test('two builds give the same bytes, and the sums are those of the files', async () => {
    const names = [`${base}.cdx.json`, `${base}.tar.gz`]
    const sums = await Promise.all(
      builds.map(async build => {
        expect((await readdir(build)).toSorted()).toEqual(['SHA256SUMS', 'krew-index', ...names])
        await execa('sha256sum', ['--check', '--strict', 'SHA256SUMS'], {cwd: build})
        expect(await readFile(join(build, 'krew-index/plugins/npm.yaml'), 'utf8')).toContain(BASE_URL)
        return readFile(join(build, 'SHA256SUMS'), 'utf8')
      }),
    )
    expect(sums[0]?.match(/\S+$/gm)).toEqual(names)
    expect(sums[0]).toBe(sums[1])
  })

  test('the archive has the licences, and what is started can be started', async () => {
    const {stdout} = await execa('tar', ['-tzf', join(builds[0], `${base}.tar.gz`)])
    const pages = (await readdir(join(ROOT, 'man'))).map(name => `man/man1/${name}`)
    expect(pages).toContain('man/man1/kubectl-npm-translate.1')
    expect(stdout.split('\n').toSorted()).toEqual(
      [
        'LICENSE',
        'NODE-LICENSE.txt',
        'THIRD-PARTY-LICENSES.txt',
        'sbom.cdx.json',
        ...pages,
        platform.program,
        platform.completer,
      ].toSorted(),
    )
    expect(await readFile(join(folder.path, 'NODE-LICENSE.txt'), 'utf8')).toContain('OpenSSL')
    expect(await readFile(join(folder.path, 'THIRD-PARTY-LICENSES.txt'), 'utf8')).toContain('yaml ')
    for (const name of [platform.program, platform.completer])
      expect((await stat(join(folder.path, name))).mode & 0o777).toBe(0o755)
  })

  test('nothing in it tells where it was built', async () => {
    const text = await readFile(program, 'latin1')
    expect([folder.path, ROOT].filter(path => text.includes(path))).toEqual([])
    expect(text).toContain('lib/executable.js')
  })

  test('the list of materials has each library once with its hash, and Node', async () => {
    const text = await readFile(join(builds[0], `${base}.cdx.json`), 'utf8')
    expect(await readFile(join(folder.path, 'sbom.cdx.json'), 'utf8')).toBe(text)
    const bill = JSON.parse(text)
    const schema = z.fromJSONSchema(JSON.parse(await readFile(join(ROOT, 'test/fixtures/cyclonedx/bom-1.6.schema.json'), 'utf8')))
    expect(schema.safeParse(bill).error).toBeUndefined()
    expect(schema.safeParse({...bill, components: [{...bill.components[0], type: 'book'}]}).success).toBe(false)
    const components: {name: string; version: string; purl: string; licenses: unknown[]; hashes?: {content: string}[]}[] =
      bill.components
    expect(bill).toMatchObject({bomFormat: 'CycloneDX', specVersion: '1.6', metadata: {component: {name: 'kubectl-npm'}}})
    expect(new Set(components.map(({purl}) => purl)).size).toBe(components.length)
    const texts = await readFile(join(folder.path, 'THIRD-PARTY-LICENSES.txt'), 'utf8')
    const {name, version} = runtimes[platform.runtime]
    for (const component of components) {
      expect(component.hashes?.[0]?.content, component.name).toMatch(/^[0-9a-f]{128}$/)
      if (component.name !== name) expect(texts).toContain(`${component.name} ${component.version} (`)
    }
    expect(components.map(({purl}) => purl)).toEqual(
      expect.arrayContaining([`pkg:npm/${name}@${version}`, `pkg:npm/yaml@${lock.packages['node_modules/yaml'].version}`]),
    )
  })

  test('tells its version, and the Node in it', async () => {
    expect(await run(['--version'])).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: `kubectl-npm/${packageFacts.version} ${process.platform}-${process.arch} node-v${runtimes[platform.runtime].version}`,
    })
  })

  test.each([
    {args: ['translate'], dump: 'captures/v2-base36-nft', code: 0},
    {args: ['diff'], dump: 'hns', code: 1},
    {args: ['lint', '-o', 'json'], dump: 'two-nodes', code: undefined},
    {args: ['nonsense'], dump: undefined, code: 2},
  ])('says what the sources say: $args $dump', async ({args, dump, code}) => {
    const words = [...args, ...(dump === undefined ? [] : ['--from', join(ROOT, 'test/fixtures', dump)])]
    const seen = await run(words)
    const {exitCode, stdout, stderr} = await run([join(ROOT, 'bin/kubectl-npm.ts'), ...words], {file: process.execPath})
    expect({exitCode: seen.exitCode, stdout: seen.stdout, stderr: seen.stderr}).toEqual({exitCode, stdout, stderr})
    expect(seen.stdout + seen.stderr).not.toBe('')
    if (code !== undefined) expect(seen.exitCode).toBe(code)
  })

  test('completes as kubectl asks for it, by the file beside it and by its own name', async () => {
    const words = ['transl']
    const bundled = await run([join(ROOT, 'bin/kubectl_complete-npm.ts'), ...words], {file: process.execPath})
    expect(bundled.stdout).toMatch(/^translate\t/)
    expect((await run(words, {file: join(folder.path, platform.completer)})).stdout).toBe(bundled.stdout)
    expect((await execa(program, words, {argv0: 'kubectl_complete-npm'})).stdout).toBe(bundled.stdout)
  })

  test('gives kubectl the manifests as files, and leaves none of them behind', async () => {
    const env = {PATH: process.env['PATH'] ?? '', TMPDIR: join(folder.path, 'elsewhere')}
    const fromSources = await run([join(ROOT, 'bin/kubectl-npm.ts'), 'install', '--explain'], {file: process.execPath, env})
    const {exitCode, stdout, stderr} = await run(['install', '--explain'], {env})
    expect({exitCode, stdout, stderr}).toEqual({exitCode: 0, stdout: fromSources.stdout, stderr: ''})
    expect(await readdir(join(folder.path, 'elsewhere'))).toEqual([])
  })

  test('is the agent where it is called so', async () => {
    const {stdout} = await execa(program, ['--version'], {argv0: 'npm-agent'})
    expect(stdout).toMatch(`npm-agent/${packageFacts.version} `)
  })

  test('compiles its pieces itself where V8 does not take what was kept of them', async () => {
    const words = ['translate', '--from', join(ROOT, 'test/fixtures/captures/v2-base36-nft')]
    // Of those that V8 asks for: what was kept was compiled with another stack.
    const other = await run(words, {env: {NODE_OPTIONS: '--jitless'}})
    const {exitCode, stdout, stderr} = await run(words)
    expect({exitCode: other.exitCode, stdout: other.stdout, stderr: other.stderr}).toEqual({exitCode, stdout, stderr})
    expect(stdout).toContain('allow tcp/8080')
  })

  test('draws a screen, and reads its keys by the library that lays screens out', async () => {
    const screen = `${program} top --from ${join(ROOT, 'examples/shop')}`
    const terminal = execa('script', ['-qefc', screen, '/dev/null'], {env: {TERM: 'xterm'}, timeout: 60_000, reject: false})
    terminal.stdout.on('data', (text: Buffer) => void (text.includes('quit') && terminal.stdin.write('q')))
    const {exitCode, stdout} = await terminal
    expect(stdout).not.toContain('failed with error')
    expect({exitCode, isDrawn: stdout.includes('kubectl npm top')}).toEqual({exitCode: 0, isDrawn: true})
  })

  test('takes a larger heap from NODE_OPTIONS, as messages about memory say', async () => {
    const {exitCode, stderr} = await run(['--version'], {env: {NODE_OPTIONS: '--max-old-space-size=many'}})
    expect(exitCode).not.toBe(0)
    expect(stderr).toContain('--max-old-space-size')
  })

  describeWhere(noFreshMachine(), 'on a fresh machine', () => {
    const dump = join(ROOT, 'test/fixtures/captures/v2-base36-nft')

    test('says of a dump what the sources say, to a user that the machine does not know', async () => {
      const machine = await freshMachine(join(folder.path, 'machine'), {'/kubectl-npm': program, '/dump': dump})
      for (const verb of ['translate', 'lint']) {
        const seen = await machine.run(['/kubectl-npm', verb, '--from', '/dump'])
        const {exitCode, stdout, stderr} = await run([join(ROOT, 'bin/kubectl-npm.ts'), verb, '--from', dump], {
          file: process.execPath,
        })
        const here = (text: string) => text.replaceAll(dump, '/dump')
        expect({exitCode: seen.exitCode, stdout: seen.stdout, stderr: seen.stderr}, verb).toEqual({
          exitCode,
          stdout: here(stdout),
          stderr: here(stderr),
        })
        expect(stdout).not.toBe('')
      }
      const {exitCode, stdout, stderr} = await machine.run(['/kubectl-npm', 'status'])
      expect({exitCode, stdout}).toEqual({exitCode: 2, stdout: ''})
      expect(stderr).not.toContain('fault of kubectl npm')
    })
  })

  describeWhere(missingBinaries(['krew']), 'krew', () => {
    test('installs it from an index of one\u2019s own, kubectl runs it, and a newer version takes its place', async () => {
      const root = join(folder.path, 'krew')
      const env = {
        PATH: [join(root, 'bin'), process.env['PATH']].join(delimiter),
        KREW_ROOT: root,
        KUBECONFIG: '/no/such/kubeconfig',
      }
      const program = join(await binaryFolder(['krew']), 'krew')
      const krew = async (...words: string[]) => (await execa(program, words, {env, input: '', all: true})).all
      const manifest = await readFile(join(builds[0], 'krew-index/plugins/npm.yaml'), 'utf8')
      await using index = await openKrewIndex(join(folder.path, 'index'), manifest, BASE_URL, join(builds[0], `${base}.tar.gz`))
      await index.publish('v0.0.1')
      await krew('index', 'add', 'ours', index.url)
      const said = await krew('install', 'ours/npm')
      expect(said).toContain('Installed plugin: npm')
      expect(said).toContain('kubectl npm completion --install')

      const kubectl = await kubectlProgram()
      const npm = async (...words: string[]) => (await execa(kubectl, words, {env})).stdout
      expect((await npm('npm', 'version', '--client')).split('\n')).toEqual([
        `kubectl npm ${packageFacts.version} (Node.js ${runtimes[platform.runtime].version})`,
        `installed   by krew: ${join(root, 'store/npm/v0.0.1/kubectl-npm')}`,
        'upgrade     kubectl krew upgrade npm',
      ])
      // krew links what is named as the program and nothing beside it.
      await npm('npm', 'completion', '--install')
      expect(await npm('__complete', 'npm', 'transl')).toMatch(/^translate\t/)

      await index.publish(`v${packageFacts.version}`)
      expect(await krew('upgrade', 'npm')).toContain('Upgraded plugin: ours/npm')
      expect(await npm('npm', 'version', '--client')).toContain(`/store/npm/v${packageFacts.version}/kubectl-npm`)
      expect(await npm('__complete', 'npm', 'transl')).toMatch(/^translate\t/)
      expect((await readdir(join(root, 'bin'))).toSorted()).toEqual(['kubectl-npm', 'kubectl_complete-npm'])
    }, 600_000)
  })
})
