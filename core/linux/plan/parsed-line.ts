import type {PlannedOperation} from '../../dataplane/plan.ts'
import {parseRuleLine, parseSetLine, type RuleLine, type SetLine} from './line.ts'

type Operation = Pick<PlannedOperation, 'line'>

// Whoever checks the operations of a plan looks at each several times: whether it may be run, and what it leads to.
const ruleLines = new WeakMap<Operation, RuleLine>()
const setLines = new WeakMap<Operation, SetLine>()

/** @returns undefined for a line of another form than plans have */
export function ruleLineOf(operation: Operation): RuleLine | undefined {
  const known = ruleLines.get(operation)
  if (known) return known
  const line = parseRuleLine(operation.line)
  if (line) ruleLines.set(operation, line)
  return line
}

/** @returns undefined for a line of another form than plans have */
export function setLineOf(operation: Operation): SetLine | undefined {
  const known = setLines.get(operation)
  if (known) return known
  const line = parseSetLine(operation.line)
  // To keep those that put members in takes longer than to read them again.
  if (line && line.does !== 'add') setLines.set(operation, line)
  return line
}
