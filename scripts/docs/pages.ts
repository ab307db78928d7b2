import {readFileSync} from 'node:fs'
import {verbUses} from '../../plugin/commands/index.ts'
import {type VerbExamples, verbExamples} from './verb-examples.ts'
import {allVerbFacts, sharedFlagGroups} from './verb-facts.ts'
import {type OutputOf, verbPage, verbsPage} from './verb-page.ts'

/** A file that is written from what the program says of itself. */
export interface Page {
  readonly url: URL
  readonly text: string
}

const at = (path: string): URL => new URL(`../../${path}`, import.meta.url)
export const pageOfVerb = (verb: string): URL => at(`docs/verbs/${verb}.md`)

/**
 * All pages.
 *
 * @param outputsOf what the examples of a verb print
 */
export async function pages(outputsOf: (verb: string, examples: VerbExamples) => OutputOf | Promise<OutputOf>): Promise<Page[]> {
  const all = await allVerbFacts()
  const written: Page[] = []
  for (const facts of all) {
    const examples = verbExamples[facts.name]
    if (!examples) throw new RangeError(`scripts/docs/verb-examples.ts has no examples of ${facts.name}`)
    const text = verbPage(facts, examples, await outputsOf(facts.name, examples), titleOf)
    written.push({url: pageOfVerb(facts.name), text})
  }
  return [...written, {url: at('docs/verbs/README.md'), text: verbsPage(all, Object.values(verbUses), await sharedFlagGroups())}]
}

/** The first heading of a page in docs/. */
function titleOf(page: string): string {
  const [, title] = /^# (.*)$/m.exec(readFileSync(at(`docs/${page}`), 'utf8')) ?? []
  if (title === undefined) throw new RangeError(`docs/${page} has no heading`)
  return title
}
