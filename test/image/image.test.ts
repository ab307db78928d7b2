import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {connect, createServer} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {CLIENTS_SOCKET, LIVE_SOCKET} from '../../core/contract/agent.ts'
import packageFacts from '../../package.json' with {type: 'json'}
import {knock} from '../support/agent/http.ts'
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
    const dist = join(work, 'dist')
    await execa(process.execPath, ['scripts/build.ts', dist], {cwd: ROOT})
    const build = ['scripts/image/build.ts', '--dist', dist, '--rootfs', rootfs, '--output', join(work, 'agent.tar')]
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
    const [count, tables, version, plain] = await run(
      ['conntrack', '--count'],
      ['nft', 'list', 'ruleset'],
      ['node', '--version'],
      ['iptables', '--version'],
    )
    expect(count).toMatch(/^\d+$/)
    expect(tables).toBe('')
    expect(version).toBe(process.version)
    expect(plain).toMatch(/^iptables v[\d.]+ \(nf_tables\)$/)
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

  test('carries the relay, which passes bytes to a socket of any path and ends with its peer', async () => {
    const socket = join(rootfs, 'tmp/upstream.sock')
    const upstream = createServer(connection => connection.end('from the agent'))
    await once(upstream.listen(socket), 'listening')
    try {
      expect(await run(['socat', '-u', 'UNIX-CONNECT:/tmp/upstream.sock', 'STDOUT'])).toEqual(['from the agent'])
      await expect(run(['socat', '-u', 'UNIX-CONNECT:/tmp/nobody.sock', 'STDOUT'])).rejects.toThrow(/No such file/)
    } finally {
      upstream.close()
    }
  })

  test('has no shell and no package manager', async () => {
    for (const name of ['sh', 'bash', 'apt-get', 'dpkg']) await expect(run([name])).rejects.toThrow(/No such file/)
  })
})
