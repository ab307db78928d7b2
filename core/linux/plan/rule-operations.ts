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

export const makeChain = (chain: string): Operation => iptables(`:${chain} - [0:0]`, `-X ${chain}`)
export const removeChain = (chain: string): Operation => iptables(`-X ${chain}`, `:${chain} - [0:0]`)

export const fillChain = (chain: string, rules: readonly ComparedRule[]): Operation[] =>
  rules.map((rule, index) => insert(chain, index + 1, rule))

export const emptyChain = (chain: string, rules: readonly ComparedRule[]): Operation[] =>
  rules.map((rule, index) => remove(chain, index + 1, rule)).toReversed()

/**
 * Makes the wanted chain of the one that is found. Rules are taken out from the last to the first, so that their positions
 * hold, and put in from the first to the last, at the positions that they have in the end.
 *
 * @param edits all of the chain
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
 * Gives FORWARD, which holds rules of others, its jump, and takes others out that lead to the same chain.
 *
 * @param isMoved whether the jump is to stand at the wanted position; otherwise it stays where it is
 */
export function editJump(chain: string, edits: readonly Edit[], isMoved: boolean): Operation[] {
  const found = edits.flatMap(edit => edit.found ?? []).toSorted((a, b) => b.position - a.position)
  // The rules behind those that are taken out move up.
  const movedUp = (position: number): number => position - found.filter(each => each.position < position).length
  const wanted = edits.flatMap(edit =>
    edit.wanted ? [{rule: edit.wanted.rule, position: edit.found && !isMoved ? edit.found.position : edit.wanted.position}] : [],
  )
  return [
    ...found.map(({rule, position}) => remove(chain, position, rule)),
    ...wanted.map(({rule, position}) => insert(chain, movedUp(position), rule)),
  ]
}
