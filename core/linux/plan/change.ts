import {isSameSet} from './canonical-part.ts'
import {type Backend, backends, chainKey, isListType, type LinuxPart, type PartSet, type PartTable} from './part.ts'
import {mostNamedFirst, rulesNamingSets, type Visible, visibleOf} from './visibility.ts'

/** What is different between two parts, by when it may be changed. */
export class Change {
  readonly found: LinuxPart
  readonly target: LinuxPart
  /** Sets that no rule looks at before the rules change: they may be changed first. */
  readonly early: ReadonlySet<string>
  /** Sets that rules look at before and after. */
  readonly visible: ReadonlySet<string>
  /** Sets that no rule looks at after the rules have changed: they may be changed last. */
  readonly late: ReadonlySet<string>
  /** Whether a set that rules name before and after changes its type: no rule may name it meanwhile. */
  readonly needsCopies: boolean
  /** Back ends whose rules change, with whether packets see it. */
  readonly tables: readonly {readonly backend: Backend; readonly isVisible: boolean}[]
  readonly before: Visible
  readonly after: Visible

  constructor(found: LinuxPart, target: LinuxPart) {
    this.found = found
    this.target = target
    this.before = visibleOf(found)
    this.after = visibleOf(target)
    const [early, visible, late] = [new Set<string>(), new Set<string>(), new Set<string>()]
    let needsCopies = false
    for (const name of new Set([...found.sets.keys(), ...target.sets.keys()])) {
      const [now, next] = [found.sets.get(name), target.sets.get(name)]
      if (now === next || (now && next && isSameSet(now, next))) continue
      if (!now) early.add(name)
      else if (!next) late.add(name)
      else if (now.type !== next.type) {
        const [isNamed, staysNamed] = [isHeld(found, name), isHeld(target, name)]
        if (!isNamed) early.add(name)
        else if (!staysNamed) late.add(name)
        else {
          visible.add(name)
          needsCopies = true
        }
      } else if (!this.before.sets.has(name)) early.add(name)
      else if (!this.after.sets.has(name)) late.add(name)
      else visible.add(name)
    }
    this.early = mostNamedFirst(early, target)
    this.visible = visible
    this.late = late
    this.needsCopies = needsCopies
    this.tables = backends.flatMap(backend => {
      const [now, next] = [found.tables[backend], target.tables[backend]]
      const chains = changedChains(now, next)
      const isMoved = isOtherForward(now, next)
      if (chains.length === 0 && !isMoved) return []
      const isSeen = (chain: string) =>
        this.before.chains.has(chainKey(backend, chain)) || this.after.chains.has(chainKey(backend, chain))
      return [{backend, isVisible: isMoved || chains.some(isSeen)}]
    })
  }

  /** All sets as they are before. */
  setsBefore(): Map<string, PartSet> {
    return new Map(this.found.sets)
  }
}

function changedChains(now: PartTable, next: PartTable): string[] {
  const names = new Set([...now.chains.keys(), ...next.chains.keys()])
  return [...names].filter(name => now.chains.get(name) !== next.chains.get(name))
}

const isOtherForward = ({forward: now}: PartTable, {forward: next}: PartTable): boolean =>
  now !== next && (now.length !== next.length || now.some((rule, index) => rule.text !== next[index]?.text))

/** Whether a rule names a set, or one that rules name holds it: the kernel does not let it go then. */
function isHeld(part: LinuxPart, name: string): boolean {
  const named = rulesNamingSets(part)
  if (named.has(name)) return true
  for (const set of part.sets.values()) if (isListType(set.type) && named.has(set.name) && set.members.includes(name)) return true
  return false
}
