import type {Operation} from '../../dataplane/operation.ts'
import type {MemberDifference, SetDifference, SetState} from '../../sets/set-difference.ts'

const ipset = (line: string, undo: string): Operation => ({tool: 'ipset', line, undo})
const reversed = ({tool, line, undo}: Operation): Operation => ({tool, line: undo, undo: line})

/** Creates an empty set with Azure NPM's options: `size 8` for lists. */
const create = (name: string, {type, maxelem}: SetState): Operation => {
  const options = type === 'list:set' ? 'size 8' : `family inet${maxelem === undefined ? '' : ` maxelem ${maxelem}`}`
  return ipset(`create ${name} ${type} ${options}`, `destroy ${name}`)
}

const add = (name: string, member: string): Operation => ipset(`add ${name} ${member}`, `del ${name} ${member.split(' ', 1)[0]}`)

/** Creates a set with its members. */
export const makeSet = (name: string, set: SetState): Operation[] => [
  create(name, set),
  ...set.members.map(member => add(name, member)),
]

/** Empties and destroys a set. The kernel refuses to destroy it while a rule or a list names it. */
export const removeSet = (name: string, set: SetState): Operation[] => makeSet(name, set).toReversed().map(reversed)

/** Replaces the found member of a set by the wanted one. Either may be absent. */
export function memberOperations({set, wanted, found}: MemberDifference): Operation[] {
  const {kernelName} = set
  return [...(found ? [reversed(add(kernelName, found.text))] : []), ...(wanted ? [add(kernelName, wanted.text)] : [])]
}

/**
 * Changes the type or `maxelem` of a set. To change `maxelem`, the set is swapped with a new one that has the same members;
 * the kernel allows that while rules name it. It does not swap sets of different types, so these are destroyed and created
 * again.
 */
export function replaceSet({set}: SetDifference, wanted: SetState, found: SetState): Operation[] {
  const {kernelName} = set
  if (wanted.type !== found.type) return [...removeSet(kernelName, found), ...makeSet(kernelName, wanted)]
  // One character longer than a name of Azure NPM, which is the kernel's limit.
  const other = `${kernelName}~`
  const swap = `swap ${kernelName} ${other}`
  return [...makeSet(other, {...wanted, members: found.members}), ipset(swap, swap), ...removeSet(other, found)]
}
