import {fc, test as propertyTest} from '@fast-check/vitest'
import {expect} from 'vitest'
import {openHns} from '../../../agent/hns/open-hns.ts'
import {runHnsStep} from '../../../agent/write/windows.ts'
import {compile} from '../../../core/windows/compile/compile.ts'
import {windows} from '../../../core/windows/dataplane.ts'
import type {WindowsNode} from '../../../core/windows/node-state.ts'
import type {WindowsPart} from '../../../core/windows/plan/part.ts'
import {windowsWriting} from '../../../core/windows/plan/writing.ts'
import {HnsEmulator} from '../../support/hns/emulator.ts'
import {brokenInvariants, keptPolicies} from '../../support/hns/invariants.ts'
import {allSettings} from '../../support/hns/settings.ts'
import {damagedState, type HnsState, nodeOfState, twoStates} from '../../support/windows/hns-state.ts'

/** HNS that has a state. */
const emulatorOf = ({network, endpoints}: HnsState, settings: keyof typeof allSettings): HnsEmulator =>
  new HnsEmulator(
    structuredClone({
      version: {major: 15, minor: 4},
      networks: [{...network, Policies: [...network.Policies]}],
      endpoints: endpoints.map(document => ({document: {...document, Policies: [...document.Policies]}, state: 3})),
    }),
    allSettings[settings],
  )

/** The state that HNS has now. */
const stateOf = ({state}: HnsEmulator): HnsState => {
  const [network] = state.networks
  return {network, endpoints: state.endpoints.map(({document}) => document)} as unknown as HnsState
}

const partOf = (node: WindowsNode): WindowsPart => {
  const part = windowsWriting.partOf(node)
  if ('incomplete' in part) throw new Error(JSON.stringify(part.incomplete))
  return part
}

/** Does all requests of the plan between two parts, and finds what is wrong behind each. */
async function follow(emulator: HnsEmulator, wanted: WindowsPart, mostWalks: number): Promise<string[]> {
  const node = nodeOfState(stateOf(emulator))
  const kept = keptPolicies(emulator.state)
  const hns = openHns(emulator, {callMs: 1000})
  const {steps} = windowsWriting.plan(node, partOf(node), wanted, {npmMayRun: false, mostWalks})
  const wrong: string[] = []
  for (const step of steps)
    for (const operation of step.operations) {
      const failure = await runHnsStep({...step, operations: [operation]}, hns, windowsWriting)
      if (failure) wrong.push(`${failure.message} at ${failure.operation}`)
      wrong.push(...brokenInvariants(emulator, kept))
    }
  return wrong
}

const settings = fc.constantFrom(...Object.keys(allSettings))

propertyTest.prop([twoStates, settings, fc.constantFrom(0, 20)], {numRuns: 60})(
  'a plan between any two states is taken by HNS request by request, and leads to the one and back to the other',
  async ([one, other], how, mostWalks) => {
    const emulator = emulatorOf(one, how)
    const [found, wanted] = [partOf(nodeOfState(one)), partOf(nodeOfState(other))]
    expect(await follow(emulator, wanted, mostWalks)).toEqual([])
    // How often an ACL is there makes no difference, and is not changed by itself.
    expect(await follow(emulator, wanted, mostWalks)).toEqual([])
    const now = nodeOfState(stateOf(emulator))
    expect(windowsWriting.plan(now, partOf(now), wanted, {npmMayRun: false, mostWalks}).steps).toEqual([])
    expect(await follow(emulator, found, mostWalks)).toEqual([])
    const back = nodeOfState(stateOf(emulator))
    expect(windowsWriting.plan(back, partOf(back), found, {npmMayRun: false, mostWalks}).steps).toEqual([])
  },
)

propertyTest.prop([damagedState, settings], {numRuns: 60})(
  'a repair leaves nothing that differs from the policies, and a removal nothing of Azure NPM',
  async ({objects, state}, how) => {
    const emulator = emulatorOf(state, how)
    const program = compile(objects, {scheme: 'sha256', semantics: 'npm', node: 'node'})
    const node = nodeOfState(state, objects)
    expect(await follow(emulator, windowsWriting.partOfProgram(program, node), 20)).toEqual([])
    const repaired = nodeOfState(stateOf(emulator), objects)
    expect(windows.compare(program, repaired).differences).toEqual([])
    expect(await follow(emulator, windowsWriting.emptyPart(repaired), 20)).toEqual([])
    expect(JSON.stringify(emulator.state)).not.toMatch(/azure-(?:npm|acl)-/)
  },
)
