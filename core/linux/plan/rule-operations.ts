import type {Operation} from '../../dataplane/operation.ts'
import {ruleText} from '../compare/canonical.ts'
import type {ComparedRule} from '../compare/compared-rule.ts'
import type {Edit} from '../compare/edit-script.ts'
import {takenComment} from '../npm/print-comment.ts'

const iptables = (line: string, undo: string): Operation => ({tool: 'iptables', line, undo})

function insert(chain: string, position: number, {matches, target}: ComparedRule): Operation {
  const taken = matches.map(match => (match.kind === 'comment' ? {...match, text: takenComment(match.text)} : match))
  return iptables(`-I ${chain} ${position} ${ruleText({matches: taken, ...(target && {target})})}`, `-D ${chain} ${position}`)
}

const remove = (chain: string, position: number, rule: ComparedRule): Operation => {
  const {line, undo} = insert(chain, position, rule)
  return iptables(undo, line)
}

/** Creates an empty chain. */
export const makeChain = (chain: string): Operation => iptables(`:${chain} - [0:0]`, `-X ${chain}`)
/** Removes a chain. The kernel refuses that unless it is empty and no rule jumps to it. */
export const removeChain = (chain: string): Operation => iptables(`-X ${chain}`, `:${chain} - [0:0]`)

/** Inserts all rules of an empty chain, in order. */
export const fillChain = (chain: string, rules: Iterable<ComparedRule>): Operation[] =>
  Array.from(rules, (rule, index) => insert(chain, index + 1, rule))

/** Deletes all rules of a chain, last to first. */
export const emptyChain = (chain: string, rules: Iterable<ComparedRule>): Operation[] =>
  Array.from(rules, (rule, index) => remove(chain, index + 1, rule)).toReversed()

/**
 * Changes a chain from the found rules to the wanted ones. Rules are deleted from the last to the first, so that positions
 * stay valid, and then inserted from the first to the last, each at its final position.
 *
 * @param edits all edits of the chain
 */
export function editChain(chain: string, edits: readonly Edit[]): Operation[] {
  const found = edits.flatMap(edit => edit.found ?? []).toSorted((a, b) => b.position - a.position)
  const wanted = edits.flatMap(edit => edit.wanted ?? []).toSorted((a, b) => a.position - b.position)
  return [
    ...found.map(({rule, position}) => remove(chain, position, rule)),
    ...wanted.map(({rule, position}) => insert(chain, position, rule)),
  ]
}

/**
 * Corrects the jump in FORWARD and deletes further jumps to the same chain. Other programs' rules are left alone.
 *
 * @param isMoved whether to move the jump to the wanted position; otherwise it keeps its position
 */
export function editJump(chain: string, edits: readonly Edit[], isMoved: boolean): Operation[] {
  const found = edits.flatMap(edit => edit.found ?? []).toSorted((a, b) => b.position - a.position)
  // Rules after a deleted one move up.
  const movedUp = (position: number): number => position - found.filter(each => each.position < position).length
  const wanted = edits.flatMap(edit =>
    edit.wanted ? [{rule: edit.wanted.rule, position: edit.found && !isMoved ? edit.found.position : edit.wanted.position}] : [],
  )
  return [
    ...found.map(({rule, position}) => remove(chain, position, rule)),
    ...wanted.map(({rule, position}) => insert(chain, movedUp(position), rule)),
  ]
}
