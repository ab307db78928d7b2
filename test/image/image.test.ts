import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {chmod, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {connect, createServer, type Server} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {CLIENTS_SOCKET, LIVE_SOCKET, RELAY_GROUP, RELAY_PORT} from '../../core/contract/agent.ts'
import packageFacts from '../../package.json' with {type: 'json'}
import {daemonSetsOf, renderManifests} from '../../plugin/install/render.ts'
import {freePort} from '../cluster/lab/ports.ts'
import {knock} from '../support/agent/http.ts'
import {builtFolder} from '../support/built-programs.ts'
import {describeKernel} from '../support/kernel/describe.ts'
import {openNamespace} from '../support/kernel/namespace.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SETS = 'create azure-npm-1 hash:net family inet\nadd azure-npm-1 10.0.0.1\n'
const RULES = '*filter\n:AZURE-NPM - [0:0]\n-A AZURE-NPM -m set --match-set azure-npm-1 src -j DROP\nCOMMIT\n'

/*
 * The steps of manifests/Containerfile are run on this machine, and what they make is tried in a chroot. That a container runtime
 * starts it under the restrictions of the DaemonSet is seen on the cluster of test/cluster/live.test.ts. Not seen anywhere: a real
 * builder and its base image, a registry, other processors, the kernels of AKS.
 */
describeKernel('the image of the agent', () => {
  let work: string
  let rootfs: string

  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'kubectl-npm-test-image-'))
    rootfs = join(work, 'rootfs')
    const build = ['scripts/image/build.ts', '--dist', builtFolder, '--rootfs', rootfs, '--output', join(work, 'agent.tar')]
    await execa(process.execPath, build, {cwd: ROOT})
  }, 300_000)
  afterAll(async () => {
    if (work) await rm(work, {recursive: true, force: true})
  })

  /** What has to be mounted into the image, and its first program. There is no shell in it. */
  const inside = ['sh', '-euc', 'mount -t proc proc "$0/proc"; mount --rbind /dev "$0/dev"; exec chroot "$0" "$@"']
  const PATH = '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

  /** Runs programs of the image, one after the other, in one network namespace of their own. */
  async function run(
    ...commands: (readonly string[] | {readonly command: readonly string[]; readonly stdin: string})[]
  ): Promise<string[]> {
    await using namespace = await openNamespace()
    const said: string[] = []
    for (const each of commands) {
      const {command, stdin} = 'stdin' in each ? each : {command: each, stdin: ''}
      const wrapped = [`PATH=${PATH}`, 'unshare', '--mount', '--propagation', 'private', ...inside, rootfs, ...command]
      said.push((await namespace.run('env', wrapped, {stdin})).stdout.trimEnd())
    }
    return said
  }

  test('has the tools, and they work on this kernel', async () => {
    const [, , nft, list] = await run(
      {command: ['ipset', 'restore'], stdin: SETS},
      {command: ['iptables-nft-restore', '--noflush'], stdin: RULES},
      ['iptables-nft-save', '-c'],
      ['ipset', 'list', '-t'],
    )
    expect(nft).toMatch(/nf_tables[^]*-A AZURE-NPM -m set --match-set azure-npm-1 src -j DROP/)
    expect(list).toContain('Name: azure-npm-1')
    const [, , legacy] = await run(
      {command: ['ipset', 'restore'], stdin: SETS},
      {command: ['iptables-legacy-restore', '--noflush'], stdin: RULES},
      ['iptables-legacy-save', '-c'],
    )
    expect(legacy).toContain('-A AZURE-NPM -m set --match-set azure-npm-1 src -j DROP')
    const [count, locked, tables, version, plain] = await run(
      ['conntrack', '--count'],
      ['flock', '-n', '/tmp/lock', 'ipset', 'version'],
      ['nft', 'list', 'ruleset'],
      ['kubectl-npm', '--version'],
      ['iptables', '--version'],
    )
    expect(count).toMatch(/^\d+$/)
    expect(locked).toMatch(/^ipset v/)
    expect(tables).toBe('')
    expect(version).toContain(`node-${process.version}`)
    expect(plain).toMatch(/^iptables v[\d.]+ \(nf_tables\)$/)
  })

  test('is the executable with its licences, which loads the native part of koffi out of memory', async () => {
    expect((await readdir(join(rootfs, 'opt/kubectl-npm'))).toSorted()).toEqual([
      'LICENSE',
      'NODE-LICENSE.txt',
      'THIRD-PARTY-LICENSES.txt',
      'kubectl-npm',
      'sbom.cdx.json',
    ])
    // Counters of nft are read by it. What is loaded in no file's place has no name on a disk.
    const rules = 'iptables-nft -N AZURE-NPM; iptables-nft -A FORWARD -j AZURE-NPM'
    const words = [rootfs, 'kubectl-npm', 'top', '--local', '-o', 'json']
    const shell = ['sh', '-euc', `${rules}; ${inside[2]}`]
    const program = spawn('unshare', ['--net', '--mount', '--propagation', 'private', ...shell, ...words], {
      env: {PATH},
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      await once(createInterface(program.stdout), 'line')
      expect(await readFile(`/proc/${program.pid}/maps`, 'utf8')).toMatch(/ r-xp .*\/memfd:node-addon \(deleted\)/)
    } finally {
      program.kill('SIGTERM')
      if (program.exitCode === null && program.signalCode === null) await once(program, 'exit')
    }
  })

  test('writes to a node with them, and goes back', async () => {
    const [, removed, sets, back, again] = await run(
      {command: ['ipset', 'restore'], stdin: SETS},
      ['kubectl-npm', 'apply', '--local', '--remove', '--yes'],
      ['ipset', 'list', '-n'],
      ['kubectl-npm', 'rollback', '--local', '--yes'],
      ['ipset', 'list', '-n'],
    )
    expect(removed).toContain('the node has what was asked for')
    expect(back).toContain('rolled back')
    expect([sets, again]).toEqual(['', 'azure-npm-1'])
  })

  test('reads a node with them, and carries the plugin too', async () => {
    const [own, , read, , translated] = await run(
      ['npm-agent', '--version'],
      {command: ['ipset', 'restore'], stdin: SETS},
      ['npm-agent', 'read', '/tmp/dump'],
      {command: ['iptables-nft-restore', '--noflush'], stdin: RULES},
      ['kubectl-npm', 'sets', '--local', '-o', 'json'],
    )
    expect(own).toContain(packageFacts.version)
    expect(read).toBeDefined()
    expect(await readFile(join(rootfs, 'tmp/dump/ipset-save.txt'), 'utf8')).toContain('add azure-npm-1 10.0.0.1')
    expect(JSON.parse(translated ?? '')).toMatchObject({kind: 'SetList', items: [{set: 'azure-npm-1', members: ['10.0.0.1']}]})
  })

  test('starts the agent, which clients and probes reach', async () => {
    const kubeconfig = join(rootfs, 'tmp/kubeconfig')
    const clusters = [{name: 'away', cluster: {server: 'http://127.0.0.1:1'}}]
    const contexts = [{name: 'away', context: {cluster: 'away'}}]
    await writeFile(kubeconfig, JSON.stringify({'current-context': 'away', clusters, contexts}))
    const serve = ['npm-agent', 'serve', '--no-watch', '--kubeconfig', '/tmp/kubeconfig']
    const agent = spawn('unshare', ['--mount', '--propagation', 'private', ...inside, rootfs, ...serve], {
      env: {PATH},
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      await new Promise<void>((resolve, reject) => {
        agent.once('exit', code => reject(new Error(`the agent ended with ${code}`)))
        createInterface(agent.stdout).on('line', line => {
          if ((JSON.parse(line) as {msg: string}).msg === 'The agent listens') resolve()
        })
      })
      await once(connect(join(rootfs, LIVE_SOCKET)).resume(), 'close')
      expect(await knock(join(rootfs, CLIENTS_SOCKET))).toMatchObject({code: 'NO_TOKEN'})
      const [status = ''] = await run(['npm-agent', 'status', '-o', 'json'])
      expect(JSON.parse(status)).toMatchObject({version: packageFacts.version, knowledge: {state: 'off'}})
    } finally {
      agent.kill('SIGTERM')
      if (agent.exitCode === null) await once(agent, 'exit')
    }
    expect(agent.exitCode).toBe(0)
  })

  test('is packed with what the Containerfile says about how it is run, under the name that the manifests have', async () => {
    const archive = join(work, 'agent.tar')
    const part = async (name: string) => JSON.parse((await execa('tar', ['-xOf', archive, name])).stdout)
    const [{Config, RepoTags}] = await part('manifest.json')
    const {stdout} = await execa('kubectl', ['kustomize', 'manifests/base'], {cwd: ROOT})
    expect(RepoTags).toEqual([/^\s+image: (\S+)$/m.exec(stdout)?.[1]])
    expect((await part(Config)).config).toMatchObject({Entrypoint: ['npm-agent'], Cmd: ['serve'], Env: [`PATH=${PATH}`]})
  })

  describe('as a relay', () => {
    let upstream: Server
    const UPSTREAM = '/tmp/upstream.sock'

    beforeAll(async () => {
      // Greets, then repeats what it hears; for `flood` it sends without end.
      upstream = createServer(connection => {
        connection.on('error', () => {})
        connection.write('hello ')
        connection.on('data', said => {
          if (said.toString() !== 'flood') return void connection.end(said)
          const flood = () => {
            while (connection.writable && connection.write(Buffer.alloc(65_536))) {
              // Until nobody reads.
            }
          }
          connection.on('drain', flood)
          flood()
        })
      })
      await once(upstream.listen(join(rootfs, UPSTREAM)), 'listening')
    })
    afterAll(() => upstream?.close())

    /** Starts the relay as the manifests do, with other values in the place of some. */
    async function startRelay(values: readonly (readonly [manifest: string, here: string])[]) {
      const {relay} = daemonSetsOf(await renderManifests(ROOT, {namespace: 'kubectl-npm'}))
      const [{command = [], args = []} = {}] = relay.spec.template.spec.containers
      const port = await freePort()
      let words = [...command, ...args].join('\n')
      for (const [manifest, here] of [...values, [`:${RELAY_PORT},`, `:${port},`], [CLIENTS_SOCKET, UPSTREAM]] as const) {
        expect(words).toContain(manifest)
        words = words.replace(manifest, here)
      }
      const socat = spawn('chroot', [`--userspec=${RELAY_GROUP}:${RELAY_GROUP}`, rootfs, ...words.split('\n')], {env: {PATH}})
      await chmod(join(rootfs, UPSTREAM), 0o666)
      const open = async () => {
        const socket = connect(port, '127.0.0.1')
        socket.on('error', () => {})
        await once(socket, 'connect')
        return socket
      }
      await expect.poll(async () => (await open().catch(() => undefined))?.destroy() !== undefined).toBe(true)
      return {
        open,
        async [Symbol.asyncDispose]() {
          socat.kill('SIGTERM')
          if (socat.exitCode === null) await once(socat, 'exit')
        },
      }
    }

    test('socat passes bytes both ways, as who may do nothing, and ends with its peer', async () => {
      await using relay = await startRelay([])
      const client = await relay.open()
      client.write('and back')
      expect((await client.toArray()).join('')).toBe('hello and back')
    })

    test('clients that read nothing do not keep others out for ever', async () => {
      await using relay = await startRelay([
        ['max-children=256', 'max-children=2'],
        // Milliseconds for which a client may read nothing.
        [':60000', ':1000'],
      ])
      const silent = await Promise.all([relay.open(), relay.open()])
      for (const client of silent) client.pause().write('flood')
      const client = await relay.open()
      client.write('and back')
      expect((await client.toArray()).join('')).toBe('hello and back')
      for (const each of silent) each.destroy()
    })

    test('the probe fails where nobody answers', async () => {
      await expect(run(['socat', '-u', 'UNIX-CONNECT:/tmp/nobody.sock', 'STDOUT'])).rejects.toThrow(/No such file/)
    })
  })

  test('has no shell and no package manager', async () => {
    for (const name of ['sh', 'bash', 'apt-get', 'dpkg']) await expect(run([name])).rejects.toThrow(/No such file/)
  })
})
