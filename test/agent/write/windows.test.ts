import {afterEach, describe, expect, test} from 'vitest'
import {setFaultHook} from '../../../agent/write/fault-point.ts'
import {sha256} from '../../../agent/write/sealed-record.ts'
import type {Plan} from '../../../core/contract/plan.ts'
import type {WriteResult, WriteStatus} from '../../../core/contract/writes.ts'
import {planDigest} from '../../../core/plan/digest.ts'
import {codes} from '../../support/hns/fault.ts'
import {allSettings, strict} from '../../support/hns/settings.ts'
import type {EmulatedPolicy} from '../../support/hns/state.ts'
import {bundleWriter} from '../../support/writer/program.ts'
import {WindowsLab} from '../../support/writer/windows-lab.ts'

const by = 'tester'
const modifies = ({calls}: WindowsLab['emulator']): number => calls.filter(({verb}) => verb === 'modify').length

/** How many requests the whole write makes. */
async function requestsOf(settings = strict): Promise<number> {
  await using lab = await WindowsLab.open(settings)
  await lab.writer().apply(lab.there, {by})
  return modifies(lab.emulator)
}

afterEach(() => setFaultHook(undefined))

describe.each(Object.entries(allSettings))('a write to HNS that is %s', (_, settings) => {
  test('makes the node what is asked for, and takes it back; what others have there stays', async () => {
    await using lab = await WindowsLab.open(settings)
    const writer = lab.writer()
    expect(await writer.apply(lab.there, {by})).toMatchObject({outcome: 'applied', state: 'after', problems: []})
    expect(await lab.state()).toBe('b')
    expect(lab.broken()).toEqual([])
    expect(await writer.apply(lab.there, {by})).toMatchObject({outcome: 'failed', state: 'before'})
    expect(await writer.rollback({by, npmMayRun: false})).toMatchObject({outcome: 'rolledBack', state: 'after', problems: []})
    expect(await lab.state()).toBe('a')
    expect(lab.broken()).toEqual([])
  })
})

describe.each([
  {how: 'nothing is done of what fails', settings: strict, most: [0]},
  {
    how: 'a part is done',
    settings: allSettings['lenient, which keeps what was done before a fault'] ?? strict,
    most: [1, Number.POSITIVE_INFINITY],
  },
])('a request to HNS that fails, where $how', ({settings, most}) => {
  test('whichever it is, leaves the node as it was', async () => {
    const count = await requestsOf(settings)
    expect(count).toBeGreaterThan(8)
    await using lab = await WindowsLab.open(settings)
    const writer = lab.writer()
    for (let nth = 1; nth <= count; nth++)
      for (const done of most) {
        lab.emulator.failAt({verb: 'modify', nth, done, code: codes.invalidPolicy})
        const result = await writer.apply(lab.there, {by})
        expect(result, `request ${nth}, ${done} done`).toMatchObject({outcome: 'failed', state: 'before'})
        expect(result.failedAt?.operation).toContain('"ResourceType":"Policy"')
        expect(await lab.state(), `request ${nth}, ${done} done`).toBe('a')
        expect(lab.broken(), `request ${nth}, ${done} done`).toEqual([])
      }
  }, 120_000)
})

describe('a write to HNS', () => {
  test('that is killed at any fault point leaves the old or the new state, and the next comer says which', async () => {
    await using program = await bundleWriter()
    await using lab = await WindowsLab.open()
    const [there, back] = [await lab.keep(lab.there), await lab.keep(lab.back)]
    await using healer = await lab.process(program.file)
    const {passed} = await healer.tell({does: 'apply', plan: there})
    expect(passed.filter(name => name.includes('hns')).length).toBeGreaterThan(4)
    expect(await lab.state()).toBe('b')
    await healer.tell({does: 'apply', plan: back})
    const ends = new Set<string>()
    for (const [index, name] of passed.entries()) {
      const before = await lab.state()
      await using writer = await lab.process(program.file)
      const told = writer.tell({does: 'apply', plan: before === 'a' ? there : back, killAt: index + 1})
      await expect(told, name).rejects.toThrow('the writer ended')
      await healer.tell<WriteResult | null>({does: 'recover'})
      const {restorePoints, interrupted} = (await healer.tell<WriteStatus>({does: 'status'})).result
      expect(interrupted, name).toBeUndefined()
      expect((await healer.tell<WriteResult | null>({does: 'recover'})).result, `${name}: a second start`).toBeNull()
      const now = await lab.state()
      expect(now, `killed ${name}`).not.toBe('between')
      expect(lab.broken(), `killed ${name}`).toEqual([])
      ends.add(`${restorePoints[0]?.outcome} ${now === before ? 'old' : 'new'}`)
    }
    expect([...ends].sort()).toEqual(expect.arrayContaining(['applied new', 'rolledBack old']))
  }, 300_000)

  test('goes on while the service starts again', async () => {
    await using lab = await WindowsLab.open()
    let left = 2
    lab.emulator.before = verb => {
      lab.emulator.service = verb === 'modify' && left-- > 0 ? 'unreachable' : 'running'
    }
    expect(await lab.writer().apply(lab.there, {by})).toMatchObject({outcome: 'applied'})
    expect(await lab.state()).toBe('b')
    expect(lab.broken()).toEqual([])
  })

  test('to a service that stays away is taken back by the next comer', async () => {
    await using lab = await WindowsLab.open()
    const {emulator} = lab
    emulator.before = () => {
      if (modifies(emulator) >= 3) emulator.service = 'notStarted'
    }
    const result = await lab.writer().apply(lab.there, {by})
    expect(result).toMatchObject({outcome: 'failed', state: 'unknown'})
    expect(result.failedAt?.next).toContain('hnsdiag list all')
    emulator.before = undefined
    emulator.service = 'running'
    expect(await lab.state()).toBe('between')
    expect(await lab.writer().recover()).toMatchObject({outcome: 'rolledBack', state: 'before'})
    expect(await lab.state()).toBe('a')
    expect(lab.broken()).toEqual([])
  })

  test('that HNS does not answer ends, and is taken back when it does', async () => {
    await using lab = await WindowsLab.open()
    const {emulator} = lab
    emulator.before = () => {
      if (modifies(emulator) >= 3) emulator.service = 'silent'
    }
    const result = await lab.writer({callMs: 100}).apply(lab.there, {by})
    expect(result).toMatchObject({outcome: 'failed', state: 'unknown'})
    emulator.before = undefined
    emulator.service = 'running'
    expect(await lab.writer().recover()).toMatchObject({outcome: 'rolledBack', state: 'before'})
    expect(await lab.state()).toBe('a')
  })

  test('to an endpoint whose pod ends meanwhile does the rest, and says that something changed', async () => {
    for (const gone of ['7B4F6F0E-3333-4B5E-9D10-0A1B2C3D4E03', '7B4F6F0E-1111-4B5E-9D10-0A1B2C3D4E01']) {
      await using lab = await WindowsLab.open()
      const {emulator} = lab
      emulator.before = verb => {
        if (verb === 'modify') emulator.cni.remove(gone)
      }
      const result = await lab.writer().apply(lab.there, {by})
      expect(result, gone).toMatchObject({outcome: 'applied', state: 'after', problems: [{code: 'NODE_CHANGED'}]})
      expect(emulator.endpoint(gone)).toBeUndefined()
      expect(lab.broken()).toEqual([])
    }
  })

  test('does not take away what another program puts on an endpoint meanwhile', async () => {
    await using lab = await WindowsLab.open()
    const {emulator} = lab
    const other: EmulatedPolicy = {Type: 'QOS', Settings: {MaximumOutgoingBandwidthInBytes: 1_000_000}}
    const second = emulator.state.endpoints[1]?.document
    emulator.before = verb => {
      if (verb === 'modify' && !second?.Policies.includes(other)) second?.Policies.push(other)
    }
    const result = await lab.writer().apply(lab.there, {by})
    expect(result).toMatchObject({outcome: 'failed', state: 'before'})
    expect(result.failedAt?.message).toContain('has got a policy of type QOS of another program since the plan was made')
    expect(second?.Policies).toContainEqual(other)
  })

  test('leaves the endpoint of a new pod alone, also one that has got the address of an old one', async () => {
    await using lab = await WindowsLab.open()
    const {emulator} = lab
    const [old, made] = ['7B4F6F0E-3333-4B5E-9D10-0A1B2C3D4E03', 'AAAAAAAA-3333-4B5E-9D10-0A1B2C3D4E03']
    let isDone = false
    emulator.before = verb => {
      if (verb !== 'modify' || isDone) return
      isDone = true
      emulator.cni.reuse(old, made)
    }
    expect(await lab.writer().apply(lab.there, {by})).toMatchObject({outcome: 'applied', problems: [{code: 'NODE_CHANGED'}]})
    expect(emulator.endpoint(made)?.document.Policies.some(({Settings}) => Settings['Id'] !== undefined)).toBe(false)
  })

  test('after a restart of the machine puts nothing back, for the network is another one', async () => {
    await using lab = await WindowsLab.open()
    const {emulator} = lab
    emulator.before = () => {
      if (modifies(emulator) >= 3) emulator.service = 'notStarted'
    }
    await lab.writer().apply(lab.there, {by})
    emulator.before = undefined
    emulator.service = 'running'
    const [network] = emulator.state.networks.filter(({Name}) => Name === 'azure')
    emulator.cni.reboot()
    emulator.state.networks.push({...network, ID: 'BBBBBBBB-3333-4B5E-9D10-0A1B2C3D4E03', Name: 'azure', Policies: []})
    emulator.cni.create({id: 'CCCCCCCC-3333-4B5E-9D10-0A1B2C3D4E03', address: '10.240.0.11', state: 3})
    const count = modifies(emulator)
    expect(await lab.writer().recover()).toMatchObject({verb: 'recover', state: 'before'})
    expect(modifies(emulator)).toBe(count)
  })

  test('that nobody confirms is taken back', async () => {
    await using lab = await WindowsLab.open()
    const writer = lab.writer()
    const result = await writer.apply(lab.there, {by, confirmWithinMs: 300})
    expect(result).toMatchObject({outcome: 'awaitingConfirmation', state: 'after'})
    expect(await lab.state()).toBe('b')
    expect(await writer.settled(result.id)).toMatchObject({outcome: 'rolledBack'})
    expect(await lab.state()).toBe('a')
    const again = await writer.apply(lab.there, {by, confirmWithinMs: 60_000})
    expect(await writer.confirm({by, id: again.id})).toMatchObject({outcome: 'confirmed'})
    expect(await lab.state()).toBe('b')
    writer.stop()
  })

  test('says that connections cannot be ended', async () => {
    await using lab = await WindowsLab.open()
    const result = await lab.writer().apply(lab.there, {by, endDeniedFlows: true})
    expect(result.failedAt?.message).toContain('HNS lists no connections')
    expect(await lab.state()).toBe('a')
  })
})

/** A plan with a line put in another's place, and a digest that is right. */
function forged(plan: Plan, at: number, line: string, more: Partial<Plan> = {}): Plan {
  const operations = plan.operations.map((each, index) => (index === at ? {...each, line} : each))
  const changed = {...plan, ...more, operations}
  return {...changed, digest: planDigest(changed, sha256)}
}

describe('a forged plan for HNS', () => {
  test.each([
    {
      what: 'takes a policy of another program away',
      change: (line: string) => line.replace(/\{"Type":"OutBoundNAT".*?\}\},/, ''),
      says: 'policies of other programs at endpoint',
    },
    {
      what: 'changes one',
      change: (line: string) => line.replace('168.63.129.16/32', '168.63.129.17/32'),
      says: 'policies of other programs at endpoint',
    },
    {what: 'adds a rule of another name', change: (line: string) => line.replace('azure-acl-shop-', 'mine-'), says: 'refused'},
    {what: 'is for another object', change: (line: string) => line.replace(/"id":"[^"]{8}/, '"id":"00000000'), says: 'refused'},
    {
      what: 'is another request',
      change: (line: string) => line.replace('"Policy"', '"Port"'),
      says: 'no request as plans have it',
    },
    {
      what: 'has members besides',
      change: (line: string) => line.replace(/("Id":"azure-acl-shop-[^"]*",)/, '$1"Scope":0,'),
      says: 'Scope',
    },
  ])('that $what is refused', async ({change, says}) => {
    await using lab = await WindowsLab.open()
    const at = lab.there.operations.findIndex(({line}) => line.includes('"Update"') && line.includes('OutBoundNAT'))
    const {line} = lab.there.operations[at] as Plan['operations'][number]
    expect(change(line)).not.toBe(line)
    const result = await lab.writer().apply(forged(lab.there, at, change(line)), {by})
    expect(result).toMatchObject({outcome: 'failed', state: 'before'})
    expect(result.failedAt?.message).toContain(says)
    expect(modifies(lab.emulator)).toBe(0)
  })

  test.each([
    {what: 'makes a set of another program', change: (line: string) => line.replace(/"Id":"azure-npm-[^"]*"/, '"Id":"mine"')},
    {
      what: 'empties a list',
      change: (line: string) => line.replace('"IPSET"', '"NESTEDIPSET"').replace(/"Values":"[^"]*"/, '"Values":""'),
    },
    {what: 'changes a policy of the network', change: (line: string) => line.replace('"SetPolicy"', '"NetAdapterName"')},
  ])('that $what is refused', async ({change}) => {
    await using lab = await WindowsLab.open()
    const at = lab.there.operations.findIndex(({line}) => line.includes('"object":"network"'))
    const {line} = lab.there.operations[at] as Plan['operations'][number]
    expect(change(line)).not.toBe(line)
    const result = await lab.writer().apply(forged(lab.there, at, change(line)), {by})
    expect(result.failedAt?.message).toContain('the plan is refused')
    expect(modifies(lab.emulator)).toBe(0)
  })

  test('for tools of Linux is refused', async () => {
    await using lab = await WindowsLab.open()
    const [first] = lab.there.operations
    const steps = lab.there.steps.map((step, index) => (index === 0 ? {...step, tool: 'ipset' as const} : step))
    const plan = forged(lab.there, 0, first?.line ?? '', {steps, backend: 'nft'})
    expect((await lab.writer().apply(plan, {by})).failedAt?.message).toContain('for a node of Linux, and this is one of Windows')
  })
})
