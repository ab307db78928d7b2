import type {DeniedFlows} from './denied-flows.ts'

/** HNS keeps its connections to itself: which of them go on is not known, and none can be ended. */
export const windowsFlows: DeniedFlows = {
  missing: async () => 'HNS lists no connections of a Windows node',
  find: async () => ({denied: [], counts: {connections: 0, judged: 0, denied: 0, unanswered: 0, unknown: 0}, unknown: []}),
  end: async () => new Set(),
}
