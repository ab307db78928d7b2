import type {LiveEvent} from '../contract/live.ts'
import type {Recorded} from '../contract/recording.ts'

/** Whether a document of a recording is one of the stream. Without the library of schemas, which a screen need not wait for. */
export const isLiveEvent = (document: Recorded): document is LiveEvent =>
  document.kind !== 'LiveDifferences' && document.kind !== 'LiveMembers'
