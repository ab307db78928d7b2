import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {chmod, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {delimiter, join} from 'node:path'
import {createInterface} from 'node:readline'
import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import {expect, test} from 'vitest'
import type {AgentStatus} from '../../../core/contract/agent.ts'
import {AGENT_SOCKET} from '../../../core/contract/agent.ts'
import {Client} from '../../support/agent/client.ts'
import {ask} from '../../support/agent/http.ts'
import {openAgent} from '../../support/agent/open-agent.ts'
import {describeKernel, kernelTest} from '../../support/kernel/describe.ts'
import {loadRules, loadSets, saveSets} from '../../support/kernel/load.ts'
import type {Namespace} from '../../support/kernel/namespace.ts'

const MAIN = fileURLToPath(new URL('../../../bin/npm-agent.ts', import.meta.url))
const SETS = 'create azure-npm-1 hash:net family inet\nadd azure-npm-1 10.0.0.1\n'
const RULES = '*filter\n:AZURE-NPM - [0:0]\n-A AZURE-NPM -m set --match-set azure-npm-1 src -j DROP\nCOMMIT\n'
const ROUNDS = 3
/** By how much an agent may grow over all reads, the largest of which is 20 MB. */
const ROOM_BYTES = 24 * 1024 * 1024

interface AgentHere extends AsyncDisposable {
  readonly folder: string
  /** As root of the node. */
  connect(): Promise<Client>
}

/** The agent as a process of its own in a namespace, with an API server that is away. */
async function startIn(namespace: Namespace, env: Record<string, string> = {}): Promise<AgentHere> {
  const folder = await mkdtemp(join(tmpdir(), 'npm-agent-test-'))
  const kubeconfig = join(folder, 'kubeconfig')
  const clusters = [{name: 'away', cluster: {server: 'http://127.0.0.1:1'}}]
  const contexts = [{name: 'away', context: {cluster: 'away'}}]
  await writeFile(kubeconfig, JSON.stringify({'current-context': 'away', clusters, contexts}))
  const flags = ['--no-watch', '--listen', '127.0.0.1:0', '--kubeconfig', kubeconfig, '--state-dir', join(folder, 'state')]
  const agent = spawn('ip', ['netns', 'exec', namespace.name, process.execPath, MAIN, 'serve', '--node', 'bakery-1', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {...process.env, ...env},
  })
  await listening(agent)
  return {
    folder,
    connect: () => Client.open(`ws+unix://${join(folder, 'state', AGENT_SOCKET)}:/`),
    async [Symbol.asyncDispose]() {
      if (agent.exitCode === null) {
        agent.kill('SIGKILL')
        await once(agent, 'exit')
      }
      await rm(folder, {recursive: true})
    },
  }
}

function listening(agent: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    agent.once('exit', code => reject(new Error(`the agent ended with ${code}`)))
    createInterface(agent.stdout as NodeJS.ReadableStream).on('line', line => {
      if ((JSON.parse(line) as {msg: string}).msg === 'The agent listens') resolve()
    })
  })
}

describeKernel('an agent on a real node', () => {
  kernelTest('reads while another program holds the lock of iptables', async namespace => {
    await loadSets(namespace, SETS)
    await loadRules(namespace, 'legacy', RULES)
    await using folder = await mkdtempDisposable()
    const lock = join(folder.path, 'xtables.lock')
    const env = {XTABLES_LOCKFILE: lock}
    await using agent = await startIn(namespace, env)
    const holder = spawn('flock', ['--exclusive', lock, 'sh', '-c', 'echo held; exec cat'], {stdio: ['pipe', 'pipe', 'inherit']})
    try {
      await once(holder.stdout, 'data')
      const change = ['netns', 'exec', namespace.name, 'iptables-legacy', '-w', '1', '-A', 'INPUT']
      const blocked = await execa('ip', change, {env, reject: false, timeout: 30_000})
      expect(blocked.stderr).toContain('xtables lock')
      await using client = await agent.connect()
      for (let round = 0; round < ROUNDS; round++) {
        const read = await client.read('iptables-legacy-save.txt', 'ipset-save.txt')
        expect(read['iptables-legacy-save.txt']?.text).toContain('-A AZURE-NPM -m set --match-set azure-npm-1 src -j DROP')
        expect(read['ipset-save.txt']?.text).toBe(await saveSets(namespace))
        expect(Object.values(read).flatMap(({problems}) => problems)).toEqual([])
      }
    } finally {
      holder.kill()
      await once(holder, 'exit')
    }
  })

  kernelTest('answers right and has not grown after each fault of a tool', async namespace => {
    await loadSets(namespace, SETS)
    await using folder = await mkdtempDisposable()
    const fault = join(folder.path, 'fault')
    const tool = join(folder.path, 'ipset')
    await writeFile(fault, '')
    await writeFile(tool, `#!/bin/sh\n. ${fault}\nPATH=/usr/sbin:/usr/bin:/sbin:/bin exec ipset "$@"\n`)
    await chmod(tool, 0o755)
    await using agent = await startIn(namespace, {PATH: folder.path + delimiter + process.env['PATH']})
    await using client = await agent.connect()
    const right = await saveSets(namespace)
    const {memoryBytes} = await client.ask<AgentStatus>('status')
    for (const [script, text, says] of [
      ['echo half; echo no memory >&2; exit 1', 'half\n', /no memory/],
      ['echo half; kill -9 $$', 'half\n', /SIGKILL/],
      ["printf '\\377\\000'; exit 0", '\ufffd\0', undefined],
      ['head -c 20000000 /dev/zero; exit 3', '\0'.repeat(20_000_000), /20000000|3/],
    ] as const)
      for (let round = 0; round < ROUNDS; round++) {
        await writeFile(fault, script)
        const {text: got, problems} = (await client.read('ipset-save.txt'))['ipset-save.txt'] ?? {text: '', problems: []}
        expect(got === text).toBe(true)
        expect(problems.map(({message}) => message)).toEqual(says ? [expect.stringMatching(says)] : [])
        await writeFile(fault, '')
        expect((await client.read('ipset-save.txt'))['ipset-save.txt']).toEqual({text: right, problems: []})
      }
    const {memoryBytes: after} = await client.ask<AgentStatus>('status')
    expect(after - memoryBytes).toBeLessThan(ROOM_BYTES)
  })

  test('serves from a node whose disk is full, without the socket for root', async () => {
    await using folder = await mkdtempDisposable()
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=64k,nr_inodes=2,mode=0700', 'kubectl-npm-test', folder.path])
    try {
      await writeFile(join(folder.path, 'last'), '')
      for (let round = 0; round < ROUNDS; round++) {
        await using agent = await openAgent({stateDir: folder.path})
        expect(agent.socketPath).toBeUndefined()
        expect(agent.log.join('\n')).toContain('The disk is full')
        expect(await ask(agent.port, '/healthz')).toMatchObject({status: 200})
        await using client = await agent.connect()
        expect(await client.ask('status')).toMatchObject({node: 'bakery-1'})
      }
      await rm(join(folder.path, 'last'))
      await using agent = await openAgent({stateDir: folder.path})
      await using root = await agent.connectAsRoot()
      expect(await root.ask('status')).toMatchObject({node: 'bakery-1'})
    } finally {
      await execa('umount', [folder.path])
    }
  })
})

async function mkdtempDisposable(): Promise<AsyncDisposable & {readonly path: string}> {
  const path = await mkdtemp(join(tmpdir(), 'npm-agent-test-'))
  return {path, [Symbol.asyncDispose]: () => rm(path, {recursive: true})}
}
