import type {Operation} from '../dataplane/operation.ts'

/** The operations that take others back, in the order in which they must be done. */
export const undoAll = (operations: readonly Operation[]): Operation[] =>
  operations.toReversed().map(({tool, line, undo}) => ({tool, line: undo, undo: line}))
