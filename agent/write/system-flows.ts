import {nodeSource} from '../node/node-source.ts'
import {conntrackFlows} from './conntrack-flows.ts'
import type {DeniedFlows} from './denied-flows.ts'
import {windowsFlows} from './windows-flows.ts'

/** The connections of this node, by what its system has for them. */
export function systemFlows(isOfHns: () => Promise<boolean>): DeniedFlows {
  const flows = async (): Promise<DeniedFlows> => ((await isOfHns()) ? windowsFlows : conntrackFlows)
  return {
    missing: async () => (await flows()).missing(),
    find: async open => (await flows()).find(open),
    end: async denied => (await flows()).end(denied),
  }
}

/** Whether this machine has HNS. */
export const hasHns = async (): Promise<boolean> => (await nodeSource()).hns !== undefined
