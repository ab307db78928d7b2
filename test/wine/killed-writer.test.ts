import {readdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import type {WriteResult, WriteStatus} from '../../core/contract/writes.ts'
import {describeWhere} from '../support/describe-where.ts'
import type {HnsState} from '../support/hns/state.ts'
import {NODE} from '../support/writer/plan-of.ts'
import {brokenState, load, WindowsLab} from '../support/writer/windows-lab.ts'
import {bundleProgram} from './lab/bundle-program.ts'
import {windowsTools} from './lab/requirements.ts'
import {type StandInState, StandIns} from './lab/stand-in-state.ts'
import {openWindows, type Windows, windowsPath} from './lab/windows.ts'
import type {WriteStep, WriteSteps} from './programs/write.ts'

const {tools, missing} = await windowsTools()

/** A state of the emulator as the stand-ins for libraries have it. */
function standInState({networks, endpoints, version}: HnsState): StandInState {
  return structuredClone({
    networks,
    endpoints: endpoints.map(({document}) => document),
    states: Object.fromEntries(endpoints.map(({document, state}) => [document.ID, state])),
    version: {Major: version.major, Minor: version.minor},
  }) as StandInState
}

interface Answer<Result = WriteResult | null> {
  readonly result: Result
  readonly passed: readonly string[]
}

/** The disk, the lock, the clock and the libraries are those of Windows, as Wine has them. */
describeWhere(missing, 'a Windows program that writes', () => {
  let windows: Windows
  let program: string
  let lab: WindowsLab
  let nodes = 0

  beforeAll(async () => {
    windows = await openWindows(tools as NonNullable<typeof tools>)
    await windows.install('computenetwork.c', 'computenetwork.dll')
    await windows.install('vmcompute.def', 'vmcompute.dll')
    program = await bundleProgram('write', join(windows.folder, 'program'))
    lab = await WindowsLab.open()
  }, 120_000)
  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]()
    await windows?.[Symbol.asyncDispose]()
  })

  /** A node that is broken. */
  async function openNode() {
    const standIns = await StandIns.in(join(windows.folder, `hns-${nodes++}`), standInState(brokenState()))
    const stateDir = join(standIns.folder, 'state')
    let runs = 0
    const argsOf = async (steps: readonly WriteStep[], lockMs: number) => {
      const file = join(standIns.folder, `steps-${runs++}.json`)
      const given: WriteSteps = {stateDir: windowsPath(stateDir), node: NODE, lockMs, steps}
      await writeFile(file, JSON.stringify(given))
      return [...windows.newerNode, windowsPath(program), windowsPath(file)]
    }
    return {
      stateDir,
      run: async (steps: readonly WriteStep[], lockMs = 30_000) => {
        const {stdout, stderr, exitCode} = await windows.node(await argsOf(steps, lockMs), standIns.env)
        return {exitCode, stderr, answers: (stdout === '' ? [] : JSON.parse(stdout)) as Answer<never>[]}
      },
      /** What the node has now, and what is wrong with what others have there. */
      state: async () => {
        const {networks, endpoints, states} = await standIns.state()
        const now = endpoints.map(document => ({document, state: states[document.ID] ?? 1}))
        load(lab.emulator, {networks, endpoints: now, version: {major: 15, minor: 4}} as unknown as HnsState)
        expect(lab.broken()).toEqual([])
        return lab.state()
      },
    }
  }

  test('makes the node what is asked for, keeps a restore point, and takes it back', async () => {
    const node = await openNode()
    const {answers, stderr} = await node.run([{does: 'apply', plan: lab.there}])
    expect(answers[0]?.result, stderr).toMatchObject({outcome: 'applied', state: 'after', problems: []})
    expect(await node.state()).toBe('b')
    expect(await readdir(join(node.stateDir, 'restore-points'))).toHaveLength(1)
    const back = await node.run([{does: 'rollback'}, {does: 'status'}])
    expect(back.answers[0]?.result).toMatchObject({outcome: 'rolledBack', state: 'after'})
    const {restorePoints} = (back.answers[1] as unknown as Answer<WriteStatus>).result
    expect(restorePoints.map(({verb, outcome}) => [verb, outcome])).toEqual([
      ['rollback', 'applied'],
      ['apply', 'applied'],
    ])
    expect(await node.state()).toBe('a')
  }, 120_000)

  test('and is ended at a fault point is taken back by the next one', async () => {
    const {answers} = await (await openNode()).run([{does: 'apply', plan: lab.there}])
    const passed: readonly string[] = answers[0]?.passed ?? []
    const between = passed.flatMap((name, at) => (name === 'between two requests to HNS' ? [at + 1] : []))
    const points = [1, passed.indexOf('before a rename') + 1, between[0] ?? 0, between.at(-1) ?? 0, passed.length]
    for (const killAt of points) {
      const node = await openNode()
      expect((await node.run([{does: 'apply', plan: lab.there, killAt}])).answers).toEqual([])
      const next = await node.run([{does: 'recover'}, {does: 'recover'}])
      expect(next.answers[1]?.result, next.stderr).toBeNull()
      expect(['a', 'b'], passed[killAt - 1]).toContain(await node.state())
    }
  }, 300_000)
})
