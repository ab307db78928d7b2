import type {PlaneRedaction} from '../../dataplane/redaction.ts'
import {isOfHns} from '../hns/documents.ts'
import {windowsChainNames} from './chain-names.ts'
import {HnsText} from './hns-text.ts'
import {learnNodeNames} from './learn-node-names.ts'

/** What Windows nodes add to the redaction of a dump: the names in their sets and ACLs, and how HNS objects are rewritten. */
export const windowsRedaction: PlaneRedaction = {
  chainNames: windowsChainNames,
  learn: learnNodeNames,
  rewriters: () => ({}),
  json: {
    holds: isOfHns,
    rewriter: renaming => {
      const text = new HnsText(renaming)
      return value => text.rewrite(value)
    },
  },
}
