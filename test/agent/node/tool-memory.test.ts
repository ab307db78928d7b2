import {execFile} from 'node:child_process'
import {promisify} from 'node:util'
import {expect, test} from 'vitest'
import {describeMemoryCgroup, openMemoryCgroup} from '../../support/agent/memory-cgroup.ts'

/** A program of a process of its own, with the tools as the agent runs them. */
const program = (body: string) =>
  `import {run} from ${JSON.stringify(`${process.cwd()}/agent/node/run.ts`)}
   const grow = 'const kept = []; const more = () => { kept.push(Buffer.alloc(2 ** 20, 1)); setTimeout(more, 1) }; more()'
   const hold = 'const kept = Buffer.alloc(60 * 2 ** 20, 1); setTimeout(() => console.log(kept.length), 3000)'
   const node = script => run(process.execPath, ['-e', script], {timeoutMs: 60_000})
   ${body}`

async function runLimited(enter: string, body: string): Promise<unknown> {
  const script = `${enter}; exec "$0" --input-type=module -e "$1"`
  const {stdout} = await promisify(execFile)('sh', ['-c', script, process.execPath, program(body)])
  return JSON.parse(stdout)
}

describeMemoryCgroup('where memory is limited', () => {
  test('a tool that takes what the agent needs is stopped, and says why', async () => {
    await using cgroup = await openMemoryCgroup(400 * 2 ** 20)
    expect(await runLimited(cgroup.enter, `console.log(JSON.stringify((await node(grow)).failure))`)).toBe(
      'it took the memory that the agent needs itself and was stopped',
    )
    expect(await cgroup.kills()).toBe(0)
  })

  test('of several tools the largest one is stopped, and then the others end well', async () => {
    await using cgroup = await openMemoryCgroup(500 * 2 ** 20)
    const body = `console.log(JSON.stringify((await Promise.all([node(hold), node(grow)])).map(({end}) => end)))`
    expect(await runLimited(cgroup.enter, body)).toEqual(['ok', 'failed'])
    expect(await cgroup.kills()).toBe(0)
  })

  test('several that are too large together are stopped until the others fit', async () => {
    await using cgroup = await openMemoryCgroup(400 * 2 ** 20)
    const body = `console.log(JSON.stringify((await Promise.all([1, 2, 3, 4].map(() => node(grow)))).map(({failure}) => failure)))`
    expect(new Set((await runLimited(cgroup.enter, body)) as string[])).toEqual(
      new Set(['it took the memory that the agent needs itself and was stopped']),
    )
    expect(await cgroup.kills()).toBe(0)
  })

  test('a tool that is small is left alone, also when the agent itself has taken nearly everything', async () => {
    await using cgroup = await openMemoryCgroup(400 * 2 ** 20)
    const body = `const kept = Buffer.alloc(300 * 2 ** 20, 1)
      console.log(JSON.stringify([(await run('sleep', ['1'])).end, (await node(grow)).end, kept.length > 0]))`
    expect(await runLimited(cgroup.enter, body)).toEqual(['ok', 'failed', true])
    expect(await cgroup.kills()).toBe(0)
  })
})
