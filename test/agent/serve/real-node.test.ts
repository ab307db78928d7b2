import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {chmod, rm, writeFile} from 'node:fs/promises'
import {delimiter, join} from 'node:path'
import {execa} from 'execa'
import {expect, test} from 'vitest'
import type {AgentStatus} from '../../../core/contract/agent.ts'
import {Client} from '../../support/agent/client.ts'
import {openAgent} from '../../support/agent/open-agent.ts'
import {type ServeProcess, startServe} from '../../support/agent/serve-process.ts'
import {describeKernel, kernelTest} from '../../support/kernel/describe.ts'
import {loadRules, loadSets, saveSets} from '../../support/kernel/load.ts'
import type {Namespace} from '../../support/kernel/namespace.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

const SETS = 'create azure-npm-1 hash:net family inet\nadd azure-npm-1 10.0.0.1\n'
const RULES = '*filter\n:AZURE-NPM - [0:0]\n-A AZURE-NPM -m set --match-set azure-npm-1 src -j DROP\nCOMMIT\n'
const ROUNDS = 3
/** By how much an agent may grow over all reads, the largest of which is 20 MB. */
const ROOM_BYTES = 24 * 1024 * 1024

/** The agent as a process of its own in a namespace. */
const startIn = ({name}: Namespace, folder: string, env: Record<string, string> = {}): Promise<ServeProcess> =>
  startServe({folder, within: ['ip', 'netns', 'exec', name], env})

describeKernel('an agent on a real node', () => {
  kernelTest('reads while another program holds the lock of iptables', async namespace => {
    await loadSets(namespace, SETS)
    await loadRules(namespace, 'legacy', RULES)
    await using folder = await temporaryFolder()
    const lock = join(folder.path, 'xtables.lock')
    const env = {XTABLES_LOCKFILE: lock}
    await using agent = await startIn(namespace, folder.path, env)
    const holder = spawn('flock', ['--exclusive', lock, 'sh', '-c', 'echo held; exec cat'], {stdio: ['pipe', 'pipe', 'inherit']})
    try {
      await once(holder.stdout, 'data')
      const change = ['netns', 'exec', namespace.name, 'iptables-legacy', '-w', '1', '-A', 'INPUT']
      const blocked = await execa('ip', change, {env, reject: false, timeout: 30_000})
      expect(blocked.stderr).toContain('xtables lock')
      await using client = await Client.openAsRoot(agent.rootSocket)
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
    await using folder = await temporaryFolder()
    const fault = join(folder.path, 'fault')
    const tool = join(folder.path, 'ipset')
    await writeFile(fault, '')
    await writeFile(tool, `#!/bin/sh\n. ${fault}\nPATH=/usr/sbin:/usr/bin:/sbin:/bin exec ipset "$@"\n`)
    await chmod(tool, 0o755)
    await using agent = await startIn(namespace, folder.path, {PATH: folder.path + delimiter + process.env['PATH']})
    await using client = await Client.openAsRoot(agent.rootSocket)
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
    await using folder = await temporaryFolder()
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=64k,nr_inodes=2,mode=0700', 'kubectl-npm-test', folder.path])
    try {
      await writeFile(join(folder.path, 'last'), '')
      for (let round = 0; round < ROUNDS; round++) {
        await using agent = await openAgent({stateDir: folder.path})
        expect(agent.rootSocket).toBeUndefined()
        expect(agent.log.join('\n')).toContain('The disk is full')
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

  test('does not start where the disk has no room for the socket for clients, and says so', async () => {
    await using folder = await temporaryFolder()
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=64k,nr_inodes=2,mode=0700', 'kubectl-npm-test', folder.path])
    try {
      await writeFile(join(folder.path, 'last'), '')
      const socket = join(folder.path, 'clients.sock')
      await expect(openAgent({socket})).rejects.toMatchObject({
        message: expect.stringMatching(/^the disk has no room for .*clients\.sock: .*ENOSPC/),
        next: expect.stringContaining('df -i'),
      })
    } finally {
      await execa('umount', [folder.path])
    }
  })
})
