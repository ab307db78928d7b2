import type {PolicyChange, PolicyListItem} from '../../core/contract/policies.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import {escapeJson} from '../../core/text/escape.ts'
import {yamlLines} from '../print/document.ts'
import {writeLines} from '../print/output.ts'
import type {Paint} from '../print/paint.ts'
import {failureLines, type PolicyLook, policyLines, policyTable} from '../print/policies.ts'
import type {LinesScreen} from './lines-screen.ts'
import type {WatchedList} from './watch-policies.ts'

type ShowPolicies = (watched: WatchedList) => Promise<void>

/**
 * How `policies --watch` shows changes: a table that is overwritten on a terminal, else a line or a document for each policy of which
 * something has changed.
 *
 * @param output `json` for one document to a line, `yaml` for a stream of documents, anything else for the table
 * @param look   as of now
 */
export function showPolicies(output: string, paint: Paint, look: () => PolicyLook, isTerminal: boolean): ShowPolicies {
  if (output === 'json') return eachChange(change => [escapeJson(JSON.stringify(change))])
  if (output === 'yaml') return eachChange(async change => ['---', ...(await yamlLines({...change}))])
  return isTerminal ? inPlace(paint, look) : lineByLine(paint, look)
}

/** Takes out of lists, one after another, what was not shown so. */
function changes(): (items: readonly PolicyListItem[]) => PolicyListItem[] {
  const shown = new Map<string, string>()
  return items =>
    items.filter(item => {
      const key = `${item.namespace}/${item.name} ${item.direction}`
      const text = JSON.stringify(item)
      if (shown.get(key) === text) return false
      shown.set(key, text)
      return true
    })
}

function eachChange(linesOf: (change: PolicyChange) => Iterable<string> | Promise<Iterable<string>>): ShowPolicies {
  const changed = changes()
  return async ({list, at}) => {
    for (const item of changed(list.items))
      await writeLines(await linesOf({apiVersion: API_VERSION, kind: 'PolicyChange', at, item}))
  }
}

/** One line for each change, with columns as wide as those of the whole table at that moment. */
function lineByLine(paint: Paint, look: () => PolicyLook): ShowPolicies {
  const changed = changes()
  let isFirst = true
  return async ({list}) => {
    const [header = '', ...rows] = policyTable(list.items, paint, {...look(), hasHeaders: true})
    const lines = changed(list.items).map(item => rows[list.items.indexOf(item)] as string)
    await writeLines([...(isFirst && look().hasHeaders ? [header] : []), ...lines])
    isFirst = false
  }
}

function inPlace(paint: Paint, look: () => PolicyLook): ShowPolicies {
  let screen: LinesScreen | undefined
  return async ({list}) => {
    // Loading Ink takes longer than all else.
    screen ??= new (await import('./lines-screen.ts')).LinesScreen()
    screen.show([...policyLines(list, paint, look()), ...failureLines(list, paint)])
  }
}
