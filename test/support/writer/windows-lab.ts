import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {type OpenHnsOptions, openHns} from '../../../agent/hns/open-hns.ts'
import {openWriter} from '../../../agent/write/open-writer.ts'
import {type ReadNode, readNode} from '../../../agent/write/read-node.ts'
import type {Writer} from '../../../agent/write/writer.ts'
import type {Plan} from '../../../core/contract/plan.ts'
import {HnsEmulator} from '../hns/emulator.ts'
import {brokenInvariants, type KeptPolicies, keptPolicies} from '../hns/invariants.ts'
import {serveHns} from '../hns/served.ts'
import {type HnsSettings, strict} from '../hns/settings.ts'
import {type EmulatedPolicy, fixtureState, type HnsState, textOf} from '../hns/state.ts'
import {temporaryFolder} from '../temporary-folder.ts'
import {NODE, planOf} from './plan-of.ts'
import {startWriter, type WriterProcess} from './process.ts'

const CALLS: OpenHnsOptions = {callMs: 5000, pausesMs: [5, 10]}

const isOwnAcl = (policy: EmulatedPolicy): boolean => policy.Type === 'ACL' && textOf(policy, 'Id').startsWith('azure-acl-')

/**
 * The state of the fixtures with some of what may be wrong: an endpoint without ACLs, one with an ACL too many, sets with other members, one that is
 * missing and one that nobody needs.
 */
export function brokenState(): HnsState {
  const state = fixtureState()
  const [first, second, third] = state.endpoints.map(({document}) => document)
  const network = state.networks.find(({Name}) => Name === 'azure')
  if (!first || !second || !third || !network) throw new Error('the fixtures have other objects')
  third.Policies = third.Policies.filter(each => !isOwnAcl(each))
  second.Policies.push({
    Type: 'ACL',
    Settings: {Id: 'azure-acl-shop-gone', Action: 'Block', Direction: 'In', RuleType: 'Switch', Priority: 3000},
  })
  first.Policies.splice(first.Policies.findIndex(isOwnAcl), 1)
  network.Policies = network.Policies.flatMap((policy): EmulatedPolicy[] => {
    const name = textOf(policy, 'Name')
    if (name === 'podlabel-app:mon') return []
    const changed = {'podlabel-app:api': '10.240.0.12,10.240.0.99', 'ns-shop': '10.240.0.11,10.240.0.98'}[name]
    return [changed === undefined ? policy : {...policy, Settings: {...policy.Settings, Values: changed}}]
  })
  network.Policies.push({
    Type: 'SetPolicy',
    Settings: {Id: 'azure-npm-1234567890', Name: 'podlabel-app:gone', PolicyType: 'IPSET', Values: '10.240.0.97'},
  })
  return state
}

type Opened = Omit<ReadNode, 'files'>

/** An emulated Windows node that writers write to, in this process and in others. It has the broken state, and there is a plan to the right one. */
export class WindowsLab implements AsyncDisposable {
  readonly emulator: HnsEmulator
  readonly stateDir: string
  readonly kept: KeptPolicies
  /** Where other processes reach the emulator. */
  readonly socket: string
  private readonly stack: AsyncDisposableStack
  private readonly digests: {readonly a: string; readonly b: string}
  /** From A, which is broken, to B. */
  readonly there: Plan
  readonly back: Plan

  private constructor(
    facts: Pick<WindowsLab, 'emulator' | 'stateDir' | 'there' | 'back' | 'kept'>,
    digests: WindowsLab['digests'],
    socket: string,
    stack: AsyncDisposableStack,
  ) {
    this.emulator = facts.emulator
    this.stateDir = facts.stateDir
    this.there = facts.there
    this.back = facts.back
    this.kept = facts.kept
    this.digests = digests
    this.socket = socket
    this.stack = stack
  }

  static async open(settings: HnsSettings = strict): Promise<WindowsLab> {
    await using stack = new AsyncDisposableStack()
    const {path} = stack.use(await temporaryFolder())
    const emulator = new HnsEmulator(fixtureState(), settings)
    const b = await readNode({node: NODE, hns: openHns(emulator, CALLS), run: noTool})
    load(emulator, brokenState())
    const a = await readNode({node: NODE, hns: openHns(emulator, CALLS), run: noTool})
    const socket = join(path, 'hns')
    stack.use(await serveHns(emulator, {path: socket}))
    const facts = {
      emulator,
      stateDir: join(path, 'state'),
      kept: keptPolicies(emulator.state),
      there: planOf(a, b, 'hns'),
      back: planOf(b, a, 'hns'),
    }
    return new WindowsLab(facts, {a: a.digest, b: b.digest}, socket, stack.move())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stack.disposeAsync()
  }

  read(): Promise<Opened> {
    return readNode({node: NODE, hns: openHns(this.emulator, CALLS), run: noTool})
  }

  /** The state that the node has. */
  async state(): Promise<'a' | 'b' | 'between'> {
    const {digest} = await this.read()
    const {a, b} = this.digests
    return digest === a ? 'a' : digest === b ? 'b' : 'between'
  }

  /** What is wrong with what others have there, and with sets and ACLs. */
  broken(): string[] {
    return brokenInvariants(this.emulator, this.kept)
  }

  /** A writer of this process. */
  writer(calls: Partial<OpenHnsOptions> = {}): Writer {
    const hns = openHns(this.emulator, {...CALLS, ...calls})
    const log = {info: () => {}, warn: () => {}, error: () => {}, audit: () => {}}
    return openWriter({stateDir: this.stateDir, node: NODE, version: '0.0.0', log, read: {hns, run: noTool}})
  }

  /**
   * A writer that may be killed. The emulator outlives it.
   *
   * @param program by default its sources
   */
  process(program?: string): Promise<WriterProcess> {
    return startWriter({program, stateDir: this.stateDir, node: NODE, within: [], env: {HNS_SOCKET: this.socket}})
  }

  /** @returns its file */
  async keep(plan: Plan): Promise<string> {
    const file = join(this.stateDir, '..', `${plan.digest.slice(0, 12)}.json`)
    await writeFile(file, JSON.stringify(plan))
    return file
  }
}

/** Gives an emulator another state. */
export function load({state}: HnsEmulator, {networks, endpoints}: HnsState): void {
  state.networks.splice(0, state.networks.length, ...networks)
  state.endpoints.splice(0, state.endpoints.length, ...endpoints)
}

const noTool = (): never => {
  throw new Error('a tool of Linux was run')
}
