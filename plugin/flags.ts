import {Args, Flags} from '@oclif/core'
import {InputError} from '../core/problem/input-error.ts'
import {meant} from '../core/text/nearest.ts'

/** Flags of every verb. */
export const commonFlags = {
  color: Flags.string({
    summary: 'When to colour the output; NO_COLOR is honoured',
    options: ['auto', 'always', 'never'],
    default: 'auto',
    helpGroup: 'GLOBAL',
  }),
  'no-pager': Flags.boolean({
    summary: 'On a terminal, do not page long answers (PAGER)',
    default: false,
    helpGroup: 'GLOBAL',
  }),
  verbose: Flags.boolean({char: 'v', summary: 'Say more about what goes wrong', default: false, helpGroup: 'GLOBAL'}),
}

const CLUSTER = 'CLUSTER'

/** Flags of every verb that talks to a cluster: the same words as kubectl's, for the same things. */
export const clusterFlags = {
  kubeconfig: Flags.string({summary: 'Path of the kubeconfig', helpValue: 'FILE', helpGroup: CLUSTER}),
  context: Flags.string({summary: 'Context of the kubeconfig', helpValue: 'NAME', helpGroup: CLUSTER}),
  cluster: Flags.string({summary: 'Cluster of the kubeconfig', helpValue: 'NAME', helpGroup: CLUSTER}),
  user: Flags.string({summary: 'User of the kubeconfig', helpValue: 'NAME', helpGroup: CLUSTER}),
  as: Flags.string({summary: 'Act as this user', helpValue: 'USER', helpGroup: CLUSTER}),
  'as-group': Flags.string({
    summary: 'Act as a member of this group; may be given several times',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'GROUP',
    helpGroup: CLUSTER,
  }),
  'as-uid': Flags.string({summary: 'Act with this uid', helpValue: 'UID', helpGroup: CLUSTER}),
  'request-timeout': Flags.string({
    summary: 'How long to wait for one answer of the API server: 30s, 2m; 0 for no limit',
    helpValue: 'DURATION',
    helpGroup: CLUSTER,
  }),
  'agent-namespace': Flags.string({
    summary: 'Namespace of the agents',
    default: 'kubectl-npm',
    helpValue: 'NAMESPACE',
    helpGroup: CLUSTER,
  }),
  via: Flags.option({
    summary: 'How to reach the API server: through kubectl, or without it; by default through kubectl where it is there',
    options: ['kubectl', 'library'] as const,
    env: 'KUBECTL_NPM_VIA',
    helpGroup: CLUSTER,
  })(),
}

/** Flags of every verb that reads nodes. */
export const sourceFlags = {
  ...clusterFlags,
  from: Flags.string({
    char: 'f',
    aliases: ['filename'],
    summary: 'Read a dump: a folder, an archive, a single file, - for standard input; may be given several times',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'PATH',
    helpGroup: 'SOURCE',
  }),
  local: Flags.boolean({summary: 'Read the kernel of this machine (needs root)', default: false, helpGroup: 'SOURCE'}),
  node: Flags.string({
    summary: 'Which node, of the cluster or of the dump; may be given several times',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'NAME',
    helpGroup: 'SOURCE',
  }),
  pod: Flags.string({summary: 'The node on which this pod runs', helpValue: 'NS/NAME', helpGroup: 'SOURCE'}),
  selector: Flags.string({
    char: 'l',
    summary: 'Nodes of the cluster with these labels',
    helpValue: 'LABELS',
    helpGroup: 'SOURCE',
  }),
}

/** Flags of verbs that take names of pods, services and policies. */
export const nameFlags = {
  namespace: Flags.string({
    char: 'n',
    summary: "Namespace of names without one; by default the context's, and in files the only one that has the name",
    helpValue: 'NAMESPACE',
  }),
  'all-namespaces': Flags.boolean({
    char: 'A',
    summary: 'Look for names without a namespace in all of them',
    default: false,
    exclusive: ['namespace'],
  }),
} as const

/**
 * Flags of verbs whose answer is narrowed to namespaces.
 *
 * @param what is narrowed: `policies`
 */
export const namespaceFlags = (what: string) => ({
  namespace: Flags.string({
    char: 'n',
    summary: `Only ${what} of this namespace; may be given several times`,
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'NAMESPACE',
  }),
  'all-namespaces': Flags.boolean({
    char: 'A',
    summary: 'Of all namespaces, as without --namespace',
    default: false,
    exclusive: ['namespace'],
  }),
})

const bareFlag = Flags.boolean({summary: 'Leave out the header line of the table', default: false})

/** Flags of verbs that print a list: in which order, and whether its columns are named. */
export const listFlags = {
  'sort-by': Flags.string({
    summary: 'Sort by a column, counts the largest first; or by a field as for kubectl: .name',
    helpValue: 'COLUMN|PATH',
  }),
  'no-headers': bareFlag,
}

/** Flag of verbs whose answer changes while somebody looks. */
export const watchFlag = {
  watch: Flags.boolean({
    char: 'w',
    summary: 'Of a cluster or --local: ask again and again, and show what changes, until Ctrl-C',
    default: false,
  }),
}

/** Formats of every answer that is a document. */
const DOCUMENTS = ['json', 'yaml']
/** Formats that say themselves what of a document they print. */
const CHOSEN = ['jsonpath', 'custom-columns']

/**
 * The flag that says how an answer is printed.
 *
 * @param formats those of the verb, besides a table and the formats of documents
 * @param about   what some of them are
 */
export const outputFlag = (formats: readonly string[] = [], about?: string) => formatFlag(formats, CHOSEN, about)

/** The same of a verb whose answer is a stream of documents, or lines that follow each other: nothing is chosen from a whole. */
export const streamFlag = (about?: string) => formatFlag([], [], about)

function formatFlag(own: readonly string[], chosen: readonly string[], about?: string) {
  const formats = ['table', ...own, ...DOCUMENTS]
  const shown = [...formats, ...chosen.map(name => `${name}=…`)]
  return Flags.string({
    char: 'o',
    summary: `Output format, one of ${shown.join(', ')}${about === undefined ? '' : `; ${about}`}`,
    default: 'table',
    helpValue: 'FORMAT',
    /** For completion. */
    formats,
    parse: async text => {
      if (formats.includes(text) || chosen.some(name => text.startsWith(`${name}=`))) return text
      if (chosen.includes(text))
        throw new InputError(`--output ${text} does not say what to print`, `Give it behind a sign of equality: -o ${text}=…`)
      throw new InputError(`--output ${text} is none of: ${shown.join(', ')}`, [...meant(text, formats), 'Choose one of them.'])
    },
  })
}

/** @throws InputError for a format that is chosen from a whole answer, where changes are printed as they come */
export function requireStream(output: string): void {
  if (CHOSEN.some(name => output.startsWith(`${name}=`)))
    throw new InputError('--watch prints changes as they come, and this format needs a whole answer', 'Say -o json with --watch.')
}

const paths = (description: string) => ({path: Args.string({description, multiple: true})})

/** Dumps without a flag: `translate dump/`. */
export const dumpPaths = paths('A dump: a folder, an archive, a file, - for standard input; the same as --from PATH')
/** Files of objects without a flag: `lint policies/`. */
export const objectPaths = paths('Kubernetes objects: a file, a folder, - for standard input; the same as -f PATH')

/** Flags that say how an answer is printed. */
export interface OutputFlags {
  readonly output: string
  readonly color: string
  readonly 'no-pager'?: boolean
  readonly 'no-headers'?: boolean
}
