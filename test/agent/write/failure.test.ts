import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {execa} from 'execa'
import {expect, test} from 'vitest'
import type {WriteStatus} from '../../../core/contract/writes.ts'
import {describeKernel} from '../../support/kernel/describe.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'
import {TwoStates} from '../../support/writer/two-states.ts'

/** Only where a mark is set, once; then as the real tool. */
const once = (node: TwoStates, does: string, tool: string): string => {
  const mark = join(node.lab.stateDir, '..', 'mark')
  return `if [ "$1" != save ] && [ "$1" != list ] && mkdir ${mark} 2>/dev/null; then ${does}; fi\nexec /usr/sbin/${tool} "$@"`
}

describeKernel('a tool', () => {
  test.each([
    {how: 'fails', does: 'echo cannot >&2; exit 1', says: 'it ended with exit code 1: cannot'},
    {how: 'hangs', does: 'exec sleep 600', says: 'it did not end within 2 s and was stopped'},
    {how: 'is killed', does: 'kill -9 $$', says: 'it was ended by SIGKILL'},
    {
      how: 'does half of its lines',
      does: 'head -n 1 | /usr/sbin/ipset restore; echo full >&2; exit 1',
      says: 'exit code 1: full',
    },
  ])('that $how: the node goes back, and the answer says at which operation', async ({does, says}) => {
    await using node = await TwoStates.open()
    const env = {PATH: await node.lab.tools({ipset: once(node, does, 'ipset')})}
    await using writer = await node.lab.writer({env, bounds: {toolMs: 2000}})
    const {result} = await writer.tell({does: 'apply', plan: node.there.file})
    expect(result).toMatchObject({outcome: 'failed', state: 'before', failedAt: {step: 1}})
    expect(result.failedAt?.message).toContain(says)
    expect(result.failedAt?.operation).not.toBe('')
    expect(await node.state()).toBe('a')
    // Nothing is left to do for anybody.
    expect((await writer.tell({does: 'apply', plan: node.there.file})).result.outcome).toBe('applied')
  })

  test.each([
    {tool: 'iptables-nft-restore', does: 'exit 127'},
    {tool: 'iptables-nft-restore', does: 'cat >/dev/null; exit 0'},
  ])('$tool that does "$does" every time: nothing between is left', async ({tool, does}) => {
    await using node = await TwoStates.open()
    const env = {PATH: await node.lab.tools({[tool]: does})}
    await using writer = await node.lab.writer({env})
    const {result} = await writer.tell({does: 'apply', plan: node.there.file})
    expect(result).toMatchObject({outcome: 'failed', state: 'before'})
    expect(await node.state()).toBe('a')
  })

  test('that fails on the way back, too: the state is unknown, the answer says how to look, and the next comer goes back', async () => {
    await using node = await TwoStates.open()
    // The first run of ipset works, all later ones fail.
    const mark = join(node.lab.stateDir, '..', 'mark')
    const script = `if [ "$1" = restore ] && ! mkdir ${mark} 2>/dev/null; then echo broken >&2; exit 1; fi\nexec /usr/sbin/ipset "$@"`
    const env = {PATH: await node.lab.tools({ipset: script, 'iptables-nft-restore': 'echo broken >&2; exit 1'})}
    await using writer = await node.lab.writer({env})
    const {result} = await writer.tell({does: 'apply', plan: node.there.file})
    expect(result).toMatchObject({outcome: 'failed', state: 'unknown'})
    expect(result.failedAt?.message).toContain('The way back failed, too')
    expect(result.failedAt?.next).toContain('iptables-nft-save -c; ipset save')

    expect((await writer.tell({does: 'apply', plan: node.there.file})).result).toMatchObject({
      outcome: 'failed',
      state: 'unknown',
    })
    expect((await writer.tell<WriteStatus>({does: 'status'})).result.interrupted).toContain('the way back failed')

    // Whoever looks now and then does not try it each time.
    const record = await readFile(`${node.lab.stateDir}.audit`, 'utf8')
    expect((await writer.tell({does: 'recover'})).result).toMatchObject({outcome: 'failed', state: 'unknown'})
    expect(await readFile(`${node.lab.stateDir}.audit`, 'utf8')).toBe(record)

    await using next = await node.lab.writer()
    expect((await next.tell({does: 'recover'})).result).toMatchObject({verb: 'recover', outcome: 'rolledBack', state: 'before'})
    expect(await node.state()).toBe('a')
  })

  test.each(['ipset', 'iptables-nft-restore', 'flock'])('%s that is missing: nothing is changed', async tool => {
    await using node = await TwoStates.open()
    const folder = join(node.lab.stateDir, '..', 'few')
    await mkdir(folder)
    const tools = ['ipset', 'iptables-nft-restore', 'iptables-nft-save', 'flock', 'ip', 'sh'].filter(each => each !== tool)
    for (const each of tools)
      await writeFile(join(folder, each), `#!/bin/sh\nexec ${each === 'flock' ? '/usr/bin' : '/usr/sbin'}/${each} "$@"\n`, {
        mode: 0o755,
      })
    await using writer = await node.lab.writer({
      env: {PATH: folder},
      within: ['/usr/sbin/ip', 'netns', 'exec', node.lab.namespace.name],
    })
    const {result} = await writer.tell({does: 'apply', plan: node.there.file})
    expect(result).toMatchObject({outcome: 'failed', state: 'before'})
    expect(`${result.failedAt?.message} ${result.failedAt?.next}`).toMatch(/is not installed.*apt-get install/)
    expect(await node.state()).toBe('a')
  })
})

describeKernel('a disk', () => {
  test('that is full at any moment: the node has the old or the new state, and the answer says which', async () => {
    await using node = await TwoStates.open()
    await using writer = await node.lab.writer()
    const {passed} = await writer.tell({does: 'apply', plan: node.there.file})
    for (const failAt of passed.keys()) {
      const before = await node.state()
      const {result} = await writer.tell({does: 'apply', plan: await node.nextPlan(), failAt: failAt + 1})
      const after = await node.state()
      expect(result.state, `full at ${passed[failAt]}`).toBe(after === before ? 'before' : 'after')
      await node.heal(writer)
      expect(await node.state()).toBe(after)
    }
  }, 300_000)

  test('without room for a restore point: refused before anything is changed', async () => {
    await using node = await TwoStates.open()
    const {stateDir, namespace} = node.lab
    await mkdir(stateDir)
    const small = ['unshare', '--mount', 'sh', '-c', `mount -t tmpfs -o size=16k,mode=0700 none ${stateDir} && exec "$@"`, 'sh']
    await using writer = await node.lab.writer({within: ['ip', 'netns', 'exec', namespace.name, ...small]})
    const {result} = await writer.tell({does: 'apply', plan: node.there.file})
    expect(result).toMatchObject({outcome: 'failed', state: 'before', failedAt: {step: 0}})
    expect(result.failedAt?.message).toMatch(/the restore point cannot be written .*: the disk is full/)
    expect(await node.state()).toBe('a')
  })

  test('with room for the beginning of a file: it is not taken for whole', async () => {
    await using folder = await temporaryFolder()
    const module = pathToFileURL(join(import.meta.dirname, '../../../agent/write/durable-file.ts')).href
    const program = `import {writeDurable} from '${module}'
      console.log(await writeDurable('${folder.path}/file', ['x'.repeat(20_000)]).then(() => 'whole', ({code}) => code))`
    const small = `mount -t tmpfs -o size=16k none ${folder.path} && exec "$@"`
    const node = [process.execPath, '--input-type=module', '--eval', program]
    expect((await execa('unshare', ['--mount', 'sh', '-c', small, 'sh', ...node])).stdout).toBe('ENOSPC')
  })

  test('that is read-only: refused, and the answer says where', async () => {
    await using node = await TwoStates.open()
    const {stateDir, namespace} = node.lab
    await mkdir(stateDir)
    const fixed = ['unshare', '--mount', 'sh', '-c', `mount -t tmpfs -o ro,mode=0700 none ${stateDir} && exec "$@"`, 'sh']
    await using writer = await node.lab.writer({within: ['ip', 'netns', 'exec', namespace.name, ...fixed]})
    const {result} = await writer.tell({does: 'apply', plan: node.there.file})
    expect(result).toMatchObject({outcome: 'failed', state: 'before', failedAt: {step: 0}})
    expect(result.failedAt?.message).toContain(`cannot be written in ${stateDir}: the file system is read-only`)
    expect((await writer.tell<WriteStatus>({does: 'status'})).result.restorePoints).toEqual([])
    expect(await node.state()).toBe('a')
  })
})

describeKernel('the record', () => {
  test('has one line for each write, and for each refused one', async () => {
    await using node = await TwoStates.open()
    await using writer = await node.lab.writer()
    await writer.tell({does: 'apply', plan: node.there.file, by: 'credential-1'})
    await writer.tell({does: 'apply', plan: node.there.file, by: 'credential-2'})
    await writer.tell({does: 'confirm', by: 'credential-3'})
    await writer.tell({does: 'rollback', by: 'credential-4'})
    const lines = (await readFile(`${node.lab.stateDir}.audit`, 'utf8'))
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as object)
    const {digest} = node.there.plan
    expect(lines).toMatchObject([
      {by: 'credential-1', verb: 'apply', plan: digest, outcome: 'applied', state: 'after'},
      {by: 'credential-2', verb: 'apply', plan: digest, outcome: 'failed', state: 'before'},
      {by: 'credential-3', verb: 'confirm', outcome: 'failed', state: 'before'},
      {by: 'credential-4', verb: 'rollback', outcome: 'rolledBack', state: 'after'},
    ])
  })
})
