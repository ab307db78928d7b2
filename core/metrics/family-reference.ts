import {agentFamilies} from './agent-families.ts'
import {sourceWords} from './metric-family.ts'
import {type FamilyFacts, npmFamilies} from './npm-families.ts'
import {ownFamilies} from './own-families.ts'

/** The Markdown tables of docs/metrics.md. */
const familyTables: Readonly<Record<'npm' | 'own' | 'agent', () => string>> = {
  npm: () =>
    table([
      ['metric', 'type', 'labels', 'unit', 'page', 'nodes', 'meaning', 'at best', 'no value'],
      ...npmFamilies.map(family => {
        const {name, type, labels, unit, meaning, source, absence} = cells(family)
        return [name, type, labels, unit, `/${family.page}-metrics`, family.os, meaning, source, absence]
      }),
    ]),
  own: () => ownTable(Object.values(ownFamilies)),
  agent: () => ownTable(Object.values(agentFamilies)),
}

const ownTable = (families: readonly FamilyFacts[]): string =>
  table([
    ['metric', 'type', 'labels', 'unit', 'meaning', 'source', 'no value'],
    ...families.map(family => {
      const {name, type, labels, unit, meaning, source, absence} = cells(family)
      return [name, type, labels, unit, meaning, source, absence]
    }),
  ])

const cells = ({name, type, labels, unit, meaning, source, absence}: FamilyFacts) => ({
  name: `\`${name}\``,
  type,
  labels: labels.map(label => `\`${label}\``).join(', ') || '–',
  unit,
  meaning,
  source: sourceWords[source].toLowerCase().replace('azure npm', 'Azure NPM'),
  absence,
})

function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows
  const line = (texts: readonly string[]): string => `| ${texts.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n')
}

/**
 * Replaces what stands between a document's markers by the tables.
 *
 * @throws RangeError when a marker is missing
 */
export function withFamilyTables(document: string): string {
  return Object.entries(familyTables).reduce((text, [name, rows]) => {
    const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`]
    const [from, to] = [text.indexOf(begin), text.indexOf(end)]
    if (from < 0 || to < from) throw new RangeError(`the document has no ${begin} and ${end}`)
    return `${text.slice(0, from + begin.length)}\n\n${rows()}\n\n${text.slice(to)}`
  }, document)
}
