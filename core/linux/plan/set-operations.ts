import type {Operation} from '../../dataplane/operation.ts'
import type {MemberDifference, SetDifference, SetState} from '../../sets/set-difference.ts'

const ipset = (line: string, undo: string): Operation => ({tool: 'ipset', line, undo})
const reversed = ({tool, line, undo}: Operation): Operation => ({tool, line: undo, undo: line})

/** The room that Azure NPM makes in lists. */
const create = (name: string, {type, maxelem}: SetState): Operation => {
  const options = type === 'list:set' ? 'size 8' : `family inet${maxelem === undefined ? '' : ` maxelem ${maxelem}`}`
  return ipset(`create ${name} ${type} ${options}`, `destroy ${name}`)
}

const add = (name: string, member: string): Operation => ipset(`add ${name} ${member}`, `del ${name} ${member.split(' ', 1)[0]}`)

/** Makes a set with its members. */
export const makeSet = (name: string, set: SetState): Operation[] => [
  create(name, set),
  ...set.members.map(member => add(name, member)),
]

/** Empties a set and takes it away. The kernel refuses that as long as a rule or a list names it. */
export const removeSet = (name: string, set: SetState): Operation[] => makeSet(name, set).toReversed().map(reversed)

/** Gives a set what is wanted in place of what is found. */
export function memberOperations({set, wanted, found}: MemberDifference): Operation[] {
  const {kernelName} = set
  return [...(found ? [reversed(add(kernelName, found.text))] : []), ...(wanted ? [add(kernelName, wanted.text)] : [])]
}

/**
 * Gives a set another type or room for another number of members. Room is changed by exchanging the set for one with the same
 * members, which the kernel does while rules name it. Sets of different types it does not exchange.
 */
export function replaceSet({set}: SetDifference, wanted: SetState, found: SetState): Operation[] {
  const {kernelName} = set
  if (wanted.type !== found.type) return [...removeSet(kernelName, found), ...makeSet(kernelName, wanted)]
  // One character more than a name of Azure NPM's has, and as many as the kernel takes.
  const other = `${kernelName}~`
  const swap = `swap ${kernelName} ${other}`
  return [...makeSet(other, {...wanted, members: found.members}), ipset(swap, swap), ...removeSet(other, found)]
}
