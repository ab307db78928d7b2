import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {parseSync} from 'rolldown/utils'
import {expect, test} from 'vitest'

/**
 * Commands that are printed for people to paste: what is filled in is one word for a shell, whoever gave it. Dumps, agents and the API server
 * give names, and RoleBindings may be called `x; reboot`.
 */
const COMMAND =
  /\b(?:kubectl (?:npm )?[a-z-]+|df -h|ls -ld?|ipset restore)(?= )|(?:^|\s)(?:--(?:node|from|to|policy|set|state-dir)|-n|-f)[ =]$/

/** Words of this program, whole flags, and namespaces, which are DNS labels whoever gives them. */
const HARMLESS =
  /^(?:shellWord\(.*\)|flagWords\(.*\)|flag|verb|role|then|takenBack|target|namespace|agentsNamespace|agentNamespace|right|type|kind|backend|port(?:\.port)?|packageFacts\.version|nodeNamespaceOf\(namespace\))$/s

/** By file: what is checked where it comes from, and sentences that only begin like a command. */
const exempt: Readonly<Record<string, readonly string[]>> = {
  'agent/write/go-back.ts': ['folder', 'other'],
  'agent/write/roll-back.ts': ['other', 'older.facts.verb', 'older.facts.by'],
  'core/drift/repair-hint.ts': ["mended.map(each => flagOf(each, causes)).join(' ')"],
  'plugin/cli.ts': ['escapeControls(message)'],
  'plugin/commands/lint.ts': ['text'],
  'plugin/commands/uninstall.ts': ["binding.split('/').map(shellWord).join(' ')"],
  'plugin/install/existing-objects.ts': ['name'],
  'plugin/install/install.ts': ['OWN_LABEL.key', 'OWN_LABEL.value'],
  'plugin/kubernetes/api-error.ts': ['subjectOf(message)'],
  'plugin/kubernetes/kubectl-forward.ts': ['oneLine(said) || (error as Error).message'],
  'plugin/kubernetes/kubectl-proxy.ts': ['how'],
  'plugin/kubernetes/kubectl-way.ts': ['message'],
  'plugin/print/lint-reports.ts': ['Math.max(findings.length, policies)', 'fails'],
  'plugin/print/status.ts': ['client.version', 'client.node'],
  'plugin/print/verification.ts': ['at', "protocol === 'tcp' ? '' : ` --protocol ${protocol}`"],
  'plugin/shell/completer.ts': ['NAME'],
  'plugin/usage/asked.ts': ['inOrder'],
  'plugin/write/target-flag.ts': ['READING.has(verb) ? reading : writing'],
}

const root = join(import.meta.dirname, '..')

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

function* templatesOf(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const each of value) yield* templatesOf(each)
  else if (typeof value === 'object' && value !== null) {
    if ((value as Node).type === 'TemplateLiteral') yield value as Node
    for (const each of Object.values(value)) yield* templatesOf(each)
  }
}

/** What templates of a file fill into commands. */
function* filledIn(file: string): Generator<{file: string; line: number; expression: string}> {
  const text = readFileSync(join(root, file), 'utf8')
  if (!text.includes('kubectl') && !/--\w|-h |-l /.test(text)) return
  for (const template of templatesOf(parseSync(file, text).program)) {
    const quasis = template['quasis'] as readonly Node[]
    const expressions = template['expressions'] as readonly Node[]
    let isCommand = false
    for (const [at, {start, end}] of expressions.entries()) {
      const before = quasis[at] as Node
      const said = text.slice(before.start, before.end)
      // A sentence behind a command is none.
      isCommand = COMMAND.test(said) || (isCommand && !/[.:,;] |[^\\]\\n/.test(said))
      if (isCommand) yield {file, line: text.slice(0, start).split('\n').length, expression: text.slice(start, end)}
    }
  }
}

const files = ['core', 'agent', 'plugin'].flatMap(tree =>
  readdirSync(join(root, tree), {recursive: true, encoding: 'utf8'})
    .filter(name => /\.tsx?$/.test(name))
    .map(name => `${tree}/${name}`),
)

test('what is filled into a command is one word for a shell', () => {
  const found = files.flatMap(file => [...filledIn(file)])
  expect(found.length).toBeGreaterThan(30)
  const isExempt = ({file, expression}: (typeof found)[number]) => HARMLESS.test(expression) || exempt[file]?.includes(expression)
  expect(found.filter(each => !isExempt(each))).toEqual([])
  const unused = Object.entries(exempt).flatMap(([file, all]) =>
    all.filter(expression => !found.some(each => each.file === file && each.expression === expression)),
  )
  expect(unused).toEqual([])
})
