import {describe, expect, test} from 'vitest'
import {setListSchema} from '../../../core/contract/set-list.ts'
import {describeKernel, kernelTest} from '../../support/kernel/describe.ts'
import {documentProcedures, startFakeAgent} from '../../support/plugin/fake-agent.ts'
import {startFakeApiServer} from '../../support/plugin/fake-api-server.ts'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'
import {Watching} from '../../support/plugin/watching.ts'

/** `--watch` of verbs that are asked again and again. */

const SET = 'azure-npm-784554818'

describeKernel('--local --watch on the real kernel', () => {
  kernelTest('prints what is gone and what is new, and whole documents, until Ctrl-C', async namespace => {
    await namespace.run('ipset', ['create', SET, 'hash:net'])
    const through = ['ip', 'netns', 'exec', namespace.name]
    await using table = new Watching(['sets', '--local', '--watch'], {}, through)
    await using json = new Watching(['sets', '--local', '-w', '-o', 'json'], {}, through)
    await Promise.all([table.until(() => table.lines.length === 2), json.until(() => json.lines.length === 1)])
    const [header, before = ''] = table.lines
    await namespace.run('ipset', ['add', SET, '10.0.0.7'])
    await Promise.all([table.until(() => table.lines.length === 5), json.until(() => json.lines.length === 2)])
    expect(header).toMatch(/^SET +TYPE +MEMBERS +NAME$/)
    const [at = '', gone, come] = table.lines.slice(2)
    expect(at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    expect([gone, come]).toEqual([`- ${before}`, `+ ${before.replace(' 0 ', ' 1 ')}`])
    const documents = json.lines.map(line => setListSchema.parse(JSON.parse(line)))
    expect(documents.map(({items}) => items[0]?.members)).toEqual([[], ['10.0.0.7']])
    expect(await Promise.all([table.interrupt(), json.interrupt()])).toEqual([130, 130])
  })
})

describe('--watch of a cluster', () => {
  const rules = (policy: string) =>
    [
      '*filter',
      ':FORWARD ACCEPT [0:0]',
      ':AZURE-NPM - [0:0]',
      `-A FORWARD -m comment --comment ${policy} -j AZURE-NPM`,
      'COMMIT',
      '',
    ].join('\n')

  test('prints what is for programs as a whole, each time that it changes', async () => {
    let text = rules('one')
    const procedures = {
      openSnapshot: (input: Record<string, unknown>) =>
        documentProcedures('aks-1', {'iptables-nft-save.txt': text})['openSnapshot']?.(input, undefined as never),
      readSnapshot: (input: Record<string, unknown>) =>
        documentProcedures('aks-1', {'iptables-nft-save.txt': text})['readSnapshot']?.(input, undefined as never),
    }
    await using agent = await startFakeAgent({node: 'aks-1', procedures})
    await using api = await startFakeApiServer({agents: {'aks-1': agent.port}})
    await using watching = new Watching(['translate', '--watch', '-o', 'iptables'], api.env)
    await watching.until(() => watching.stdout.includes('one'))
    text = rules('two')
    await watching.until(() => watching.stdout.includes('two'))
    expect(watching.stdout.match(/^\*filter$/gm)).toHaveLength(2)
    expect(await watching.interrupt()).toBe(130)
  })
})

test.each([
  {args: ['sets', '--from', fixture('captures/v2-base36-nft'), '--watch'], says: 'what is in a file does not change'},
  {args: ['diff', '--local', '--from', '-', '--watch'], says: 'standard input can be read once'},
])('$args is refused', async ({args, says}) => {
  const {stdout, stderr, exitCode} = await runCli(args)
  expect([stdout, stderr, exitCode]).toEqual(['', expect.stringContaining(says), 2])
})
