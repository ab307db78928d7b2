import {readdirSync} from 'node:fs'
import {constants} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {describe, expect, test} from 'vitest'
import {kubectlNpm} from '../../support/built-programs.ts'
import {type BakeryOptions, documentsOf, startBakery, withLogs} from '../../support/plugin/bakery-dump.ts'
import {documentProcedures} from '../../support/plugin/fake-agent.ts'
import {until} from '../../support/plugin/own-processes.ts'

/** The agent of the second node begins with its rules and never ends. */
function endless(): {options: BakeryOptions; hasBegun: () => boolean} {
  const node = 'aks-oven-1'
  let hasBegun = false
  const procedures = documentProcedures(node, documentsOf(node), 1000)
  const readSnapshot: (typeof procedures)[string] = (input, socket) => {
    if (input['document'] !== 'iptables-nft-save.txt' || input['offset'] === 0) return procedures['readSnapshot']?.(input, socket)
    hasBegun = true
    return new Promise(() => {})
  }
  return {options: {agents: {[node]: {procedures: {...procedures, readSnapshot}}}}, hasBegun: () => hasBegun}
}

/** The log of a pod never comes. */
function silent(): {options: BakeryOptions; hasBegun: () => boolean} {
  let hasBegun = false
  const answer: BakeryOptions['answer'] & object = (method, path, url) => {
    if (!path.endsWith('/log')) return withLogs(method, path, url)
    hasBegun = true
    return 'never'
  }
  return {options: {answer}, hasBegun: () => hasBegun}
}

describe('an interrupted dump', () => {
  test.each([
    {name: 'a save that does not end', signals: ['SIGINT'] as const, ...endless()},
    {name: 'a save that does not end, twice', signals: ['SIGINT', 'SIGINT'] as const, ...endless()},
    {name: 'a log that does not come', signals: ['SIGTERM'] as const, ...silent()},
  ])('leaves no file, no folder and no process: $name', async ({signals, options, hasBegun}) => {
    await using bakery = await startBakery(options)
    const target = join(bakery.folder, 'new/folder/out.tgz')
    const running = execa(process.execPath, [kubectlNpm, 'dump', '-o', target], {reject: false, env: bakery.api.env, input: ''})
    await until(hasBegun)
    for (const signal of signals) running.kill(signal)
    const {exitCode, stdout, stderr} = await running
    expect([exitCode, stdout]).toEqual([128 + constants.signals[signals[0] as NodeJS.Signals], ''])
    if (signals.length === 1) expect(stderr).toBe('error: interrupted\n  Run the command again.')
    expect(readdirSync(bakery.folder)).toEqual([])
    expect(readdirSync(bakery.api.env.TMPDIR)).toEqual(['.kubeconfig'])
  })
})
