import {readFileSync} from 'node:fs'
import packageFacts from '../../package.json' with {type: 'json'}
import {verbUses} from '../../plugin/commands/index.ts'
import {mainManPage, manName, verbManPage} from './man-page.ts'
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
  const [all, shared] = await Promise.all([allVerbFacts(), sharedFlagGroups()])
  const uses = Object.values(verbUses)
  const written: Page[] = [
    {url: at('docs/verbs/README.md'), text: verbsPage(all, uses, shared)},
    {url: at('man/kubectl-npm.1'), text: mainManPage(all, uses, shared)},
  ]
  for (const facts of all) {
    const examples = verbExamples[facts.name]
    if (!examples) throw new RangeError(`scripts/docs/verb-examples.ts has no examples of ${facts.name}`)
    const text = verbPage(facts, examples, await outputsOf(facts.name, examples), titleOf)
    written.push({url: pageOfVerb(facts.name), text}, {url: at(`man/${manName(facts.name)}.1`), text: verbManPage(facts)})
  }
  const man = written
    .flatMap(({url}) => (url.pathname.endsWith('.1') ? [`./man/${url.pathname.split('/').at(-1)}`] : []))
    .toSorted()
  // npm installs the man pages that the package names, and takes no folder for it.
  return [...written, {url: at('package.json'), text: `${JSON.stringify({...packageFacts, man}, null, 2)}\n`}]
}

/** The first heading of a page in docs/. */
function titleOf(page: string): string {
  const [, title] = /^# (.*)$/m.exec(readFileSync(at(`docs/${page}`), 'utf8')) ?? []
  if (title === undefined) throw new RangeError(`docs/${page} has no heading`)
  return title
}
