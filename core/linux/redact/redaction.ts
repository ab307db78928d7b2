import type {PlaneRedaction} from '../../dataplane/redaction.ts'
import {linuxChainNames} from './chain-names.ts'
import {learnNodeNames} from './learn-node-names.ts'
import {linuxTextRedaction} from './text-redaction.ts'

/** What Linux nodes add to the redaction of a dump: the names in their rules and sets, how chains are named, and their texts. */
export const linuxRedaction: PlaneRedaction = {chainNames: linuxChainNames, learn: learnNodeNames, rewriters: linuxTextRedaction}
