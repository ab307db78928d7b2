import packageFacts from '../../package.json' with {type: 'json'}
import {bold, italic, item, literal, roffText, section, sentences} from './roff.ts'
import type {FlagGroup, VerbFacts} from './verb-facts.ts'

/** Of the texts, which is not that of the files: the same page is written anew on any day. */
const DATE = '2026-11-30'
const MAIN = 'kubectl-npm'

/** The name of a verb's page: `man kubectl-npm-trace`. */
export const manName = (verb: string): string => `${MAIN}-${verb}`

/** The man page of one verb. */
export function verbManPage(facts: VerbFacts): string {
  const {name, summary, description, args, flagGroups, exits, examples} = facts
  return page(manName(name), summary, [
    ...section('Synopsis', [
      [bold(`kubectl npm ${name}`), ...args.map(arg => italic(arg.name)), `[${italic('flags')}]`].join(' '),
    ]),
    ...section('Description', sentences(description)),
    ...section(
      'Arguments',
      args.flatMap(arg => item(italic(arg.name), arg.about)),
    ),
    ...flagGroups.flatMap(flagSection),
    ...section(
      'Exit status',
      exits.flatMap(({code, meaning}) => item(code, `${meaning}.`)),
    ),
    ...section('Examples', literal(examples)),
    ...seeAlso([MAIN]),
  ])
}

/** The man page of the program: its verbs, and the flags that they share. */
export function mainManPage(all: readonly VerbFacts[], uses: readonly string[], shared: readonly FlagGroup[]): string {
  return page(MAIN, packageFacts.description, [
    ...section('Synopsis', [`${bold('kubectl npm')} ${italic('VERB')} [${italic('flags')}]`]),
    ...section(
      'Description',
      uses.flatMap(use => [
        `.SS ${roffText(use)}`,
        ...all.filter(verb => verb.use === use).flatMap(({name, summary}) => item(bold(name), `${summary}.`)),
      ]),
    ),
    ...shared.flatMap(flagSection),
    ...section('Exit status', [
      ...item('0', 'Yes, clean, done.'),
      ...item('1', 'The answer is no: dropped, different, findings, a name that is not known.'),
      ...item('2', 'Could not answer, or the answer is not known.'),
      ...item('130', 'Interrupted.'),
    ]),
    ...section('Environment', [
      ...item(bold('KUBECONFIG'), 'Kubeconfig files, as of kubectl.'),
      ...item(bold('NO_COLOR'), 'Without colours, unless a flag says otherwise.'),
      ...item(bold('PAGER'), 'What shows long answers on a terminal; nothing does where it is empty.'),
      ...item(bold('KUBECTL'), 'The kubectl that is called, in place of the one on PATH.'),
    ]),
    ...seeAlso(all.map(({name}) => manName(name))),
  ])
}

function page(name: string, about: string, lines: readonly string[]): string {
  const {version} = packageFacts
  return [
    '.\\" Written by "npm run docs" from what the program says of itself.',
    `.TH ${name.toUpperCase().replaceAll('-', '\\-')} 1 ${DATE} "kubectl\\-npm ${version}" "kubectl npm"`,
    '.SH NAME',
    `${roffText(name)} \\- ${roffText(about)}`,
    ...lines,
    '',
  ].join('\n')
}

const flagSection = ({heading, flags}: FlagGroup): string[] =>
  section(
    heading,
    flags.flatMap(({spelling, about}) => item(bold(spelling), `${about}.`)),
  )

/** Separated by commas, the last one without. */
const seeAlso = (names: readonly string[]): string[] =>
  section(
    'See also',
    names.map((name, index) => `.BR ${roffText(name)} (1)${index < names.length - 1 ? ' ,' : ''}`),
  )
