import {expect, test} from 'vitest'
import {KeptPromise, promisedPackets} from '../../../../core/differences/promise.ts'
import type {WindowsNode} from '../../../../core/windows/node-state.ts'
import type {WindowsPart} from '../../../../core/windows/plan/part.ts'
import {windowsWriting} from '../../../../core/windows/plan/writing.ts'
import {BASE, guidOf, type HnsPolicy, NETWORK_ID, nodeOfState} from '../../../support/windows/hns-state.ts'

/** ACLs of a policy that allows one port of a direction, and nothing else of it. */
const only = (direction: 'In' | 'Out', port: number): HnsPolicy[] => {
  const common = {Id: 'azure-acl-shop-p', Direction: direction, RuleType: 'Switch'}
  const ports = direction === 'In' ? {LocalPorts: `${port}`} : {RemotePorts: `${port}`}
  return [
    {Type: 'ACL', Settings: {...common, Action: 'Allow', Protocols: '6', ...ports, Priority: 222}},
    {Type: 'ACL', Settings: {...common, Action: 'Block', Priority: 3000}},
  ]
}

/** A node with two pods that have the same ACLs. */
function nodeWith(acls: readonly HnsPolicy[]): WindowsNode {
  const endpoints = ['10.1.0.1', '10.1.0.2'].map((IpAddress, index) => ({
    ID: guidOf(IpAddress),
    Name: `e${index}`,
    Flags: 0,
    HostComputeNetwork: NETWORK_ID,
    IpConfigurations: [{IpAddress}],
    Policies: [...BASE, ...acls],
  }))
  return nodeOfState({network: {ID: NETWORK_ID, Name: 'azure', Policies: []}, endpoints})
}

const partOf = (node: WindowsNode): WindowsPart => windowsWriting.partOf(node) as WindowsPart

test.each([
  {
    what: 'all is denied of what is received, in place of what is sent: it closes before it opens, each direction by itself',
    before: only('Out', 9999),
    after: only('In', 9999),
    why: [/^what is to be closed is closed first/, /^these only open/],
    requests: 4,
  },
  {
    what: 'the ports of both directions change places: between them only what both allow passes',
    before: [...only('In', 80), ...only('Out', 81)],
    after: [...only('In', 81), ...only('Out', 80)],
    why: [/^until the other ends have closed/, /^all ends that only close have closed/, /^these only open/],
    requests: 6,
  },
  {
    what: 'only what is received changes: each endpoint is told once',
    before: only('In', 80),
    after: only('In', 81),
    why: [/^only what endpoints receive changes/],
    requests: 2,
  },
])('$what', ({before, after, why, requests}) => {
  const [node, wanted] = [nodeWith(before), nodeWith(after)]
  const {steps} = windowsWriting.plan(node, partOf(node), partOf(wanted), {npmMayRun: false, mostWalks: 20})
  expect(steps.map(step => step.why)).toEqual(why.map(each => expect.stringMatching(each)))
  expect(steps.flatMap(({operations}) => operations)).toHaveLength(requests)
  const promise = new KeptPromise(node, wanted, promisedPackets([node, wanted]))
  let part = partOf(node)
  for (const step of steps) {
    for (const count of step.operations.keys())
      expect(promise.breach(windowsWriting.nodeWith(node, windowsWriting.after(part, step, count + 1)))).toBeUndefined()
    part = windowsWriting.after(part, step)
  }
  expect(windowsWriting.canonical(part)).toBe(windowsWriting.canonical(partOf(wanted)))
})
