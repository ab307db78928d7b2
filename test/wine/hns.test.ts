import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {describeWhere} from '../support/describe-where.ts'
import {hnsFixture} from '../support/windows/hns-fixture.ts'
import {bundleProgram} from './lab/bundle-program.ts'
import {fixtureState} from './lab/fixture-state.ts'
import {windowsTools} from './lab/requirements.ts'
import {type HnsDocument, type StandInState, StandIns} from './lab/stand-in-state.ts'
import {FIRST_START_MS, openWindows, type Windows, windowsPath} from './lab/windows.ts'
import type {Step} from './programs/hns.ts'

const {tools, missing} = await windowsTools()

/** Beside what fixtures have: names in which each of UTF-16's ways to write a character is. */
const NAMES = ['azure', 'Büro – 子网 – 😀']

function freshState(): StandInState {
  const state = fixtureState()
  state.networks.forEach((network, index) => {
    network.Name = NAMES[index] ?? network.Name
  })
  return state
}

interface Answer {
  readonly documents: string[]
  readonly failures: {message: string; hresult?: number; outcome: string; next: string}[]
  readonly attached?: string[]
  readonly attachedSharing?: string[]
}

async function askProgram(
  windows: Windows,
  program: string,
  standIns: StandIns,
  steps: readonly Step[],
): Promise<{way: string; answers: unknown[]}> {
  await standIns.write('steps.json', JSON.stringify(steps))
  const file = windowsPath(join(standIns.folder, 'steps.json'))
  const {stdout, stderr, exitCode} = await windows.node([windowsPath(program), file], standIns.env)
  if (exitCode !== 0) throw new Error(`it ended with ${exitCode}: ${stderr}`)
  return JSON.parse(stdout)
}

const POWERSHELL = 'WindowsPowerShell/v1.0/powershell.exe'

const firstShape = (name: string): Record<string, unknown>[] => (hnsFixture(name) as {Output: Record<string, unknown>[]}).Output

/** Objects as the script lets PowerShell print them: one on each line, what is not ASCII escaped. */
const printed = (objects: readonly object[]): string => objects.map(each => `${escaped(JSON.stringify(each))}\r\n`).join('')

const escaped = (text: string): string =>
  text.replaceAll(/[^ -~]/g, sign => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)

describeWhere(missing, 'HNS asked by a Windows program', () => {
  let windows: Windows
  let program: string
  let folders = 0
  const open = async (state = freshState()) => StandIns.in(join(windows.folder, `hns-${folders++}`), state)

  const ask = (standIns: StandIns, steps: readonly Step[]) => askProgram(windows, program, standIns, steps)

  beforeAll(async () => {
    windows = await openWindows(tools as NonNullable<typeof tools>)
    await windows.install('computenetwork.c', 'computenetwork.dll')
    await windows.install('vmcompute.def', 'vmcompute.dll')
    program = await bundleProgram('hns', join(windows.folder, 'program'))
  }, FIRST_START_MS)
  afterAll(() => windows?.[Symbol.asyncDispose]())

  test('networks and endpoints come as HNS has them, in all of Unicode, with its version and what is attached', async () => {
    const state = freshState()
    const standIns = await open(state)
    const {way, answers} = await ask(standIns, ['networks', 'endpoints', 'version'])
    expect(way).toBe('computenetwork.dll')
    const [networks, endpoints, version] = answers as [Answer, Answer, object]
    expect(networks.documents.map(text => JSON.parse(text))).toEqual(state.networks)
    expect(version).toEqual({major: 15, minor: 4})
    expect(endpoints.documents.map(text => JSON.parse(text))).toEqual(state.endpoints)
    const inState = (wanted: number) => Object.keys(state.states).filter(id => state.states[id] === wanted)
    expect(endpoints.attachedSharing).toEqual(inState(3))
    expect([...networks.failures, ...endpoints.failures]).toEqual([])
  })

  test('every text that Windows gives is released once, and every handle closed', async () => {
    const standIns = await open()
    await ask(standIns, ['version', 'networks', 'endpoints', 'networks', 'endpoints'])
    const {given, freed, opened, closed, calls} = await standIns.log()
    expect(given).toBeGreaterThan(20)
    expect(freed).toBe(given)
    expect(opened).toBeGreaterThan(10)
    expect(closed).toBe(opened)
    expect(calls.filter(call => !call.includes(' 0x00000000'))).toEqual([])
  })

  test('what is changed stays changed, and what was sent arrives as it was sent', async () => {
    const state = freshState()
    const standIns = await open(state)
    const [network, endpoint] = [state.networks[0] as HnsDocument, state.endpoints[0] as HnsDocument]
    const set = {
      Type: 'SetPolicy',
      Settings: {Id: 'azure-npm-neu', Name: 'ns-größe-子-😀', PolicyType: 'IPSET', Values: '10.0.0.1'},
    }
    const kept = endpoint.Policies.slice(1)
    const change = (RequestType: string, Policies: object[]) => ({ResourceType: 'Policy', RequestType, Settings: {Policies}})
    const {answers} = await ask(standIns, [
      {object: 'network', id: network.ID, request: change('Add', [set])},
      {object: 'endpoint', id: endpoint.ID, request: change('Update', kept)},
      'networks',
    ])
    expect(answers.slice(0, 2)).toEqual(['done', 'done'])
    const wanted = {...network, Policies: [...network.Policies, set]}
    expect(JSON.parse((answers[2] as Answer).documents[0] as string)).toEqual(wanted)
    const after = await standIns.state()
    expect(after.networks[0]).toEqual(wanted)
    expect(after.endpoints[0]).toEqual({...endpoint, Policies: kept})
    expect(after.endpoints.slice(1)).toEqual(state.endpoints.slice(1))
    const {calls, given, freed, opened, closed} = await standIns.log()
    expect(calls.filter(call => call.includes('ü') || call.includes('größe-子-😀'))).toHaveLength(1)
    expect([freed, closed]).toEqual([given, opened])
  })

  test('failures are known by their code, whatever language HNS speaks; handles are closed behind them', async () => {
    const state = freshState()
    const [first, second, third] = state.endpoints.map(({ID}) => ID) as [string, string, string]
    const error = (code: number, text: string) => ({code, error: text})
    const standIns = await open({
      ...state,
      failures: [
        {call: 'HcnQueryEndpointProperties', id: first, ...error(0x80_3b_00_02, 'Der Endpunkt wurde nicht gefunden. ')},
        {call: 'HcnOpenEndpoint', id: second, ...error(0x80_07_00_05, 'Zugriff verweigert')},
        // A record counts, though the HRESULT says that all is well; and a code may come without one.
        {call: 'HcnModifyEndpoint', id: third, code: 0x80_3b_00_0d},
      ],
    })
    const add = {ResourceType: 'Policy', RequestType: 'Add', Settings: {}}
    const gone = '00000000-0000-4000-8000-000000000000'
    const {answers} = await ask(standIns, [
      'endpoints',
      {object: 'endpoint', id: third, request: add},
      {object: 'endpoint', id: gone, request: add},
      {object: 'network', id: gone, request: add},
      {object: 'network', id: state.networks[0]?.ID ?? '', request: {...add, Setttings: {}}},
      {object: 'network', id: 'no GUID', request: add},
    ])
    const [endpoints, ...changes] = answers as [Answer, ...{message: string; hresult: number; outcome: string}[]]
    expect(endpoints.documents).toHaveLength(state.endpoints.length - 2)
    expect(endpoints.failures).toMatchObject([{hresult: 0x80_07_00_05, outcome: 'refused'}])
    expect(endpoints.failures[0]?.message).toContain('HNS says "Zugriff verweigert"')
    expect(changes.map(({hresult, outcome}) => [hresult?.toString(16), outcome])).toEqual([
      ['803b000d', 'refused'],
      ['803b0002', 'gone'],
      ['803b0001', 'gone'],
      ['803b001b', 'refused'],
      ['80070057', 'refused'],
    ])
    expect(changes[3]?.message).toContain('UnknownField')
    const {given, freed, opened, closed} = await standIns.log()
    expect([freed, closed]).toEqual([given, opened])
    expect(await standIns.state()).toMatchObject({networks: state.networks, endpoints: state.endpoints})
  })
})

describeWhere(missing, 'HNS read by Windows PowerShell, where computenetwork.dll cannot be loaded', () => {
  let windows: Windows
  let program: string
  let folders = 0
  /** PowerShell prints what it is told here: each object as JSON, as the script asks for it. */
  async function open(printed: Readonly<Record<string, string | Uint8Array>>): Promise<StandIns> {
    const standIns = await StandIns.in(join(windows.folder, `hns-${folders++}`), freshState())
    for (const [name, content] of Object.entries(printed)) await standIns.write(name, content)
    return standIns
  }
  const ask = (standIns: StandIns, steps: readonly Step[]) => askProgram(windows, program, standIns, steps)

  beforeAll(async () => {
    windows = await openWindows(tools as NonNullable<typeof tools>)
    await windows.install('powershell.c', POWERSHELL)
    program = await bundleProgram('hns', join(windows.folder, 'program'))
  }, FIRST_START_MS)
  afterAll(() => windows?.[Symbol.asyncDispose]())

  test('objects come in the first shape, as they were printed, with all that is not ASCII', async () => {
    const networks = firstShape('networks-v1.json')
    const endpoints = firstShape('endpoints-v1.json')
    const named = networks.map((network, index) => ({...network, Name: NAMES[index] ?? network.Name}))
    const standIns = await open({
      'powershell-networks.out': printed(named),
      'powershell-endpoints.out': printed(endpoints),
    })
    const {way, answers} = await ask(standIns, ['networks', 'endpoints'])
    expect(way).toBe('Windows PowerShell, which only reads')
    const [readNetworks, readEndpoints] = answers as [Answer, Answer]
    expect(readNetworks.documents).toEqual(printed(named).trimEnd().split('\r\n'))
    expect(readNetworks.documents.map(text => JSON.parse(text))).toEqual(named)
    expect(readEndpoints.documents.map(text => JSON.parse(text))).toEqual(endpoints)
    expect(readEndpoints.attachedSharing).toEqual(endpoints.filter(({State}) => State === 3).map(({ID}) => ID))
    expect([...readNetworks.failures, ...readEndpoints.failures]).toEqual([])
    // The whole script has come to it, in the one form that no shell reads.
    const script = await readFile(join(standIns.folder, 'powershell.ps1'), 'utf8')
    expect(script).toContain('@(HostNetworkingService\\Get-HnsEndpoint)')
    expect(script).toContain('-Depth 20')
  })

  test('one object, and none, are lists, too', async () => {
    const [network] = firstShape('networks-v1.json')
    const standIns = await open({'powershell-networks.out': printed([network as object]), 'powershell-endpoints.out': ''})
    const {answers} = await ask(standIns, ['networks', 'endpoints'])
    const [networks, endpoints] = answers as [Answer, Answer]
    expect([networks.documents.length, endpoints.documents.length]).toEqual([1, 0])
    expect([...networks.failures, ...endpoints.failures]).toEqual([])
  })

  test('nothing is changed, and why is said', async () => {
    const networks = firstShape('networks-v1.json') as {ID: string}[]
    const standIns = await open({'powershell-networks.out': printed(networks)})
    const request = {ResourceType: 'Policy', RequestType: 'Add', Settings: {}}
    const {answers} = await ask(standIns, ['networks', {object: 'network', id: networks[0]?.ID ?? '', request}])
    expect(answers[1]).toMatchObject({
      message: expect.stringMatching(/Windows PowerShell can only read here, and nothing was changed: computenetwork\.dll/),
      outcome: 'refused',
    })
  })

  test('what PowerShell says when it fails is shown, and so is what is no JSON', async () => {
    const refused = await open({
      'powershell-networks.out': '{"failure":"Zugriff verweigert \\u2013 Get-HnsNetwork"}\r\n',
      'powershell-endpoints.out': '[\r\n    {\r\n        "ID":  "7b4f',
      'powershell.code': '1',
    })
    const {answers} = await ask(refused, ['networks', 'endpoints'])
    const [networks, endpoints] = answers as [Answer, Answer]
    expect(networks.failures.map(({message}) => message)).toEqual([
      'HostNetworkingService\\Get-HnsNetwork: Zugriff verweigert – Get-HnsNetwork',
    ])
    expect(endpoints.failures[0]?.message).toContain('what it prints is no JSON')
  })

  test('where PowerShell is missing, too, that is said', async () => {
    const standIns = await open({})
    await windows.uninstall(POWERSHELL)
    const {answers} = await ask(standIns, ['networks'])
    expect((answers as [Answer])[0].failures[0]?.message).toMatch(/powershell\.exe: it is missing$/)
    await windows.install('powershell.c', POWERSHELL)
  })
})
