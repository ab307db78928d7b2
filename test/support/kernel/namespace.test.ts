import {execFileSync, spawnSync} from 'node:child_process'
import {existsSync} from 'node:fs'
import {expect, test} from 'vitest'
import {describeKernel, kernelTest} from './describe.ts'
import {openNamespace} from './namespace.ts'

const exists = (name: string): boolean => existsSync(`/run/netns/${name}`)

describeKernel('openNamespace', () => {
  test('a namespace is there inside its block and gone after it', async () => {
    let name = ''
    {
      await using namespace = await openNamespace()
      name = namespace.name
      expect(exists(name)).toBe(true)
    }
    expect(exists(name)).toBe(false)
  })

  test('a failure inside the block removes it too', async () => {
    let name = ''
    const failing = async () => {
      await using namespace = await openNamespace()
      name = namespace.name
      await namespace.run('ipset', ['list', 'absent'])
    }
    await expect(failing()).rejects.toThrow(/does not exist/)
    expect(exists(name)).toBe(false)
  })

  test('two namespaces do not see each other', async () => {
    await using one = await openNamespace()
    await using other = await openNamespace()
    await one.run('ipset', ['create', 'mine', 'hash:net'])
    await one.run('iptables-nft', ['-N', 'MINE'])
    await one.run('iptables-legacy', ['-N', 'MINE'])
    expect((await other.run('ipset', ['list', '-name'])).stdout).toBe('')
    expect((await other.run('iptables-nft', ['-S'])).stdout).not.toContain('MINE')
    expect((await other.run('iptables-legacy', ['-S'])).stdout).not.toContain('MINE')
  })

  kernelTest('stdin reaches the command, and its failure is given back when asked for', async namespace => {
    expect(await namespace.run('cat', [], {stdin: 'text\n'})).toEqual({stdout: 'text\n', stderr: '', exitCode: 0})
    expect(await namespace.run('sh', ['-c', 'echo no >&2; exit 3'], {allowFailure: true})).toEqual({
      stdout: '',
      stderr: 'no\n',
      exitCode: 3,
    })
  })

  test('what a dead process left behind is removed before the first namespace of the next run', () => {
    const {pid} = spawnSync('true')
    const left = `kubectl-npm-test-${pid}-00000000`
    const mine = `kubectl-npm-test-${process.pid}-00000000`
    for (const name of [left, mine]) execFileSync('ip', ['netns', 'add', name])
    try {
      // A process of its own: this one has swept already.
      const program = `const {openNamespace} = await import(${JSON.stringify(new URL('namespace.ts', import.meta.url).href)})
        await using namespace = await openNamespace()`
      execFileSync(process.execPath, ['--input-type=module', '--eval', program])
      expect({left: exists(left), mine: exists(mine)}).toEqual({left: false, mine: true})
    } finally {
      for (const name of [left, mine]) if (exists(name)) execFileSync('ip', ['netns', 'delete', name])
    }
  })
})
