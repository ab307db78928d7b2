import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, expect, test, vi} from 'vitest'
import {describeWhere} from '../support/describe-where.ts'
import {fixture} from '../support/plugin/run-cli.ts'
import {WINDOWS_NODE} from '../support/windows/hns-cluster.ts'
import {bundleProgram} from './lab/bundle-program.ts'
import {fixtureState} from './lab/fixture-state.ts'
import {windowsTools} from './lab/requirements.ts'
import {type HnsDocument, type StandInState, StandIns} from './lab/stand-in-state.ts'
import {FIRST_START_MS, openWindows, type Windows, type WindowsResult, windowsPath} from './lab/windows.ts'

const {tools, missing} = await windowsTools()
const ROOT = join(import.meta.dirname, '../..')
const LOST = 'azure-acl-shop-api-to-db'
const WANTED = ['cluster', 'policies'].flatMap(name => ['-f', windowsPath(fixture(`hns/${name}.json`))])

/** The node of the fixtures, from which somebody has taken the rules of a policy. */
function brokenState(): StandInState {
  const state = fixtureState()
  for (const endpoint of state.endpoints) endpoint.Policies = endpoint.Policies.filter(({Settings}) => Settings?.['Id'] !== LOST)
  return state
}

const brokenId = fixtureState().endpoints.find(({Policies}) => Policies.some(({Settings}) => Settings?.['Id'] === LOST))?.ID ?? ''

/** Its policies, in whatever order. */
const sorted = ({Policies}: HnsDocument): string[] => Policies.map(each => JSON.stringify(each)).toSorted()
const policiesOf = ({networks, endpoints}: StandInState): string[][] => [...networks, ...endpoints].map(sorted)

describeWhere(missing, 'a write of a Windows program to HNS', () => {
  let windows: Windows
  let program: string
  let folders = 0

  beforeAll(async () => {
    windows = await openWindows(tools as NonNullable<typeof tools>)
    await windows.install('vmcompute.def', 'vmcompute.dll')
    await windows.install('computenetwork.c', 'computenetwork.dll')
    program = join(windows.folder, 'dist')
    await execa(process.execPath, [join(ROOT, 'scripts/build.ts'), program, '--native', 'win32-x64'])
  }, FIRST_START_MS)
  afterAll(() => windows?.[Symbol.asyncDispose]())

  /** A node with a state folder of its own, and what runs the plugin there. */
  async function open(state = brokenState()) {
    const number = folders++
    const hns = await StandIns.in(join(windows.folder, `hns-${number}`), state)
    const stateDir = `C:\\npm state ${number}`
    const env = {...hns.env, NODE_NAME: WINDOWS_NODE}
    const args = (verb: string, ...more: readonly string[]) => [
      ...windows.newerNode,
      windowsPath(join(program, 'kubectl-npm')),
      verb,
      '--local',
      '--state-dir',
      stateDir,
      ...more,
    ]
    return {
      hns,
      stateDir,
      journal: () => readFile(join(windows.drive, stateDir.slice(3), 'journal.jsonl'), 'utf8'),
      run: (verb: string, ...more: readonly string[]): Promise<WindowsResult> => windows.node(args(verb, ...more), env),
      start: (verb: string, ...more: readonly string[]) => windows.startNode(args(verb, ...more), env),
    }
  }

  /** That nothing of HNS was kept. */
  async function expectGivenBack(hns: StandIns): Promise<void> {
    const {given, freed, opened, closed} = await hns.log()
    expect([freed, closed]).toEqual([given, opened])
  }

  test('makes the node what policies ask for, leaves the rest alone, and goes back', async () => {
    const {hns, stateDir, run} = await open()
    const applied = await run('apply', '--yes', ...WANTED)
    expect([applied.stderr, applied.exitCode]).toEqual(['', 0])
    expect(applied.stdout).toContain('read again, the node has what was asked for')
    expect(applied.stdout).toContain(`Go back: kubectl npm rollback --local --state-dir "${stateDir}" --to `)
    expect(policiesOf(await hns.state())).toEqual(policiesOf(fixtureState()))
    const back = await run('rollback', '--yes')
    expect([back.stderr, back.exitCode]).toEqual(['', 0])
    expect(policiesOf(await hns.state())).toEqual(policiesOf(brokenState()))
    await expectGivenBack(hns)
  })

  test('that HNS refuses changes nothing, and the code is told with its meaning', async () => {
    const refusal = {call: 'HcnModifyEndpoint', id: brokenId, code: 0x80_3b_00_0d, error: 'Die Richtlinie ist ungültig. '}
    const {hns, run} = await open({...brokenState(), failures: [refusal]})
    const {stdout, stderr, exitCode} = await run('apply', '--yes', ...WANTED)
    expect(stdout + stderr).toContain('HCN_E_INVALID_POLICY (0x803b000d)')
    expect(stdout + stderr).toContain('Die Richtlinie ist ungültig.')
    expect(exitCode).toBe(2)
    expect(policiesOf(await hns.state())).toEqual(policiesOf(brokenState()))
    await expectGivenBack(hns)
  })

  test('that was killed in the middle of a request is taken back by the next one', async () => {
    const {hns, run, start, journal} = await open({...brokenState(), failures: [{call: 'HcnModifyEndpoint', hangs: true}]})
    const killed = await start('apply', '--yes', ...WANTED)
    await vi.waitUntil(async () => (await hns.log()).hangs, {timeout: 100_000, interval: 100})
    const half = await hns.state()
    expect(policiesOf(half)).toEqual(policiesOf(fixtureState()))
    await killed[Symbol.asyncDispose]()
    const {failures: _, ...rest} = half
    await hns.write('state.json', JSON.stringify(rest))
    const again = await run('rollback', '--yes')
    expect([again.stderr, again.exitCode]).toEqual(['', 0])
    expect(policiesOf(await hns.state())).toEqual(policiesOf(brokenState()))
    expect(await journal()).toContain('"verb":"apply"')
  })

  test('is the only one, however another names the folder, until it ends or is killed', async () => {
    const lock = windowsPath(await bundleProgram('lock', join(windows.folder, 'lock')))
    const take = async (folder: string) => (await windows.node([lock, folder])).stdout
    await using first = await windows.startNode([lock, 'C:\\npm locked', '--keep'])
    await vi.waitUntil(async () => (await first.stdout()) === 'taken\n', {timeout: 100_000, interval: 100})
    for (const folder of ['C:\\npm locked', 'c:/NPM Locked/', 'C:\\x\\..\\npm locked'])
      expect(await take(folder)).toMatch(/^another write is going on: apply by a test since \S+Z \(process \d+\)$/m)
    expect(await take('C:\\npm other')).toBe('taken\n')
    await first[Symbol.asyncDispose]()
    expect(await take('C:\\npm locked')).toBe('taken\n')
  })

  test('is kept in a folder that is closed to all but administrators, and not begun where it cannot be', async () => {
    await windows.install('icacls.c', 'icacls.exe')
    const {hns, stateDir, run} = await open()
    await hns.write('icacls.code', '5')
    const refused = await run('apply', '--yes', ...WANTED)
    expect(refused.stdout + refused.stderr).toContain(
      `the folder ${stateDir} cannot be closed to other users: Zugriff verweigert`,
    )
    expect(refused.exitCode).toBe(2)
    expect(policiesOf(await hns.state())).toEqual(policiesOf(brokenState()))
    await hns.write('icacls.code', '0')
    await hns.write('icacls.txt', '')
    expect((await run('apply', '--yes', ...WANTED)).exitCode).toBe(0)
    expect(await readFile(join(hns.folder, 'icacls.txt'), 'utf8')).toBe(
      [
        [stateDir, '/setowner', '*S-1-5-32-544'],
        [stateDir, '/inheritance:r', '/grant:r', '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F'],
      ]
        .map(args => `${args.join('|')}\n`)
        .join(''),
    )
  })

  test('is refused where only PowerShell is there to ask HNS', async () => {
    const {hns, run} = await open()
    const printed = (objects: readonly object[]) => objects.map(each => `${JSON.stringify(each)}\r\n`).join('')
    const {networks, endpoints, states} = brokenState()
    await hns.write('powershell-networks.out', printed(networks))
    await hns.write('powershell-endpoints.out', printed(endpoints.map(each => ({...each, State: states[each.ID] ?? 1}))))
    await windows.install('powershell.c', 'WindowsPowerShell/v1.0/powershell.exe')
    await windows.uninstall('computenetwork.dll')
    try {
      const {stdout, stderr, exitCode} = await run('apply', '--yes', ...WANTED)
      expect(stdout + stderr).toContain('Windows PowerShell can only read here, and nothing was changed: computenetwork.dll')
      expect(exitCode).toBe(2)
    } finally {
      await windows.install('computenetwork.c', 'computenetwork.dll')
    }
  })
})
