import type {PlannedStep} from '../../dataplane/plan.ts'
import type {Change} from './change.ts'
import {isListType, type LinuxPart, type PartSet, type PartTable} from './part.ts'
import {type PlanNames, WHYS, type Why} from './plan-names.ts'
import {makeSet, removeSet, type SetEdit, settleSets} from './set-edits.ts'
import {tableEdits} from './table-edits.ts'
import {rulesNamingSets} from './visibility.ts'

/**
 * The plan that has one moment at which packets see anything: the rules change to copies of the sets that hold what is wanted, then the
 * sets are made what they are to be, and the rules, which then mean the same, change back to them.
 */
export function shadowSteps(change: Change, names: PlanNames): PlannedStep[] {
  const {found, target, early, visible, late} = change
  const now = change.setsBefore()
  const first = settleSets(now, target.sets, early, names.nameTwin)
  const twins = new Map(copied(target, visible).map(set => [set.name, names.nameTwin(set.name)]))
  const copies = [...twins].map(([name, twin]) => copyOf(target.sets.get(name) as PartSet, twin, twins))
  const ordered = [...copies.filter(({type}) => !isListType(type)), ...copies.filter(({type}) => isListType(type))]
  const between = {nft: renamed(target.tables.nft, twins), legacy: renamed(target.tables.legacy, twins)}
  const rest = settleSets(now, target.sets, new Set([...visible, ...late]), names.nameTwin)
  const cleaned: SetEdit[] = ordered.toReversed().flatMap(removeSet)
  const {tables} = found
  const isOne = change.tables.filter(({isVisible}) => isVisible).length <= 1
  return [
    names.setStep([...first, ...ordered.flatMap(makeSet)], WHYS.filled),
    ...backendSteps(names, tables, between, isOne ? WHYS.allRules : WHYS.backendByBackend),
    names.setStep(rest, WHYS.copied),
    ...backendSteps(names, between, target.tables, WHYS.same),
    names.setStep(cleaned, WHYS.left),
  ]
}

const backendSteps = (names: PlanNames, now: LinuxPart['tables'], next: LinuxPart['tables'], why: Why): PlannedStep[] =>
  (['nft', 'legacy'] as const).map(backend => names.ruleStep(backend, tableEdits(now[backend], next[backend]), why))

/** The sets to be copied: those that change, and lists that rules name and that hold one of them. */
function copied(target: LinuxPart, visible: ReadonlySet<string>): PartSet[] {
  const named = rulesNamingSets(target)
  return [...target.sets.values()].filter(
    set =>
      visible.has(set.name) || (isListType(set.type) && named.has(set.name) && set.members.some(member => visible.has(member))),
  )
}

const copyOf = (set: PartSet, name: string, twins: ReadonlyMap<string, string>): PartSet => ({
  ...set,
  name,
  ...(isListType(set.type) && {members: set.members.map(member => twins.get(member) ?? member)}),
})

function renamed({chains, forward}: PartTable, twins: ReadonlyMap<string, string>): PartTable {
  const changed = [...chains].map(([name, rules]) => {
    const others = rules.map(rule => rule.renamed(twins))
    return [name, others.every((rule, index) => rule === rules[index]) ? rules : others] as const
  })
  return {chains: new Map(changed), forward: forward.map(rule => rule.renamed(twins))}
}
