import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import {beforeAll, describe, expect, test} from 'vitest'
import {verbs} from '../../plugin/commands/index.ts'
import {kubectlNpm} from '../support/built-programs.ts'
import {onTerminal} from '../support/plugin/on-terminal.ts'
import {runCli} from '../support/plugin/run-cli.ts'

/** What docs/conventions.md says, as far as no other test holds it. */

const root = fileURLToPath(new URL('../../', import.meta.url))
const EXAMPLE = `${root}examples/shop`

interface Flag {
  readonly verb: string
  readonly name: string
  readonly type: string
  readonly char?: string
  readonly summary?: string
}

describe('of all verbs', () => {
  const flags: Flag[] = []
  const examples: {verb: string; command: string}[] = []

  beforeAll(async () => {
    for (const [verb, {load}] of Object.entries(verbs)) {
      const shape = await load()
      for (const [name, {type, char, summary}] of Object.entries({...shape.baseFlags, ...shape.flags}))
        flags.push({verb, name, type, ...(char && {char}), ...(summary !== undefined && {summary})})
      for (const example of shape.examples ?? [])
        examples.push({verb, command: typeof example === 'string' ? example : example.command})
    }
  })

  test('names of verbs and flags are lower-case words with hyphens', () => {
    const names = [...Object.keys(verbs), ...flags.map(({name}) => name)]
    expect(names.filter(name => !/^[a-z]+(?:-[a-z]+)*$/.test(name))).toEqual([])
  })

  test('summaries begin with a capital letter and end without a full stop', () => {
    const summaries = [...Object.values(verbs), ...flags].map(({summary = ''}) => summary)
    expect(summaries.filter(summary => !/^[A-Z].*[^.]$/.test(summary))).toEqual([])
  })

  test('a flag is of one type, and a letter stands for one flag', () => {
    const typesOf = new Map<string, Set<string>>()
    const add = (key: string, value: string) => typesOf.set(key, (typesOf.get(key) ?? new Set()).add(value))
    for (const {name, type, char} of flags) {
      add(`--${name}`, type)
      // Both name what is read, and where one is the other is an alias of it.
      if (char && name !== 'from') add(`-${char}`, name)
    }
    expect([...typesOf].filter(([, values]) => values.size > 1)).toEqual([])
    // As kubectl has them; -v is a level there.
    expect(new Set(flags.flatMap(({char, name}) => (char ? [`-${char} --${name}`] : [])))).toEqual(
      new Set([
        '-A --all-namespaces',
        '-f --filename',
        '-f --from',
        '-l --selector',
        '-n --namespace',
        '-o --output',
        '-v --verbose',
        '-w --watch',
      ]),
    )
  })

  test('examples can be copied: no sign of a prompt stands before them', () => {
    expect(examples.filter(({command}) => /^\s*[$#>] /m.test(command))).toEqual([])
    expect(Object.keys(verbs).filter(verb => !examples.some(example => example.verb === verb))).toEqual([])
  })

  test('what asks can be told not to', () => {
    const having = (name: string) => new Set(flags.flatMap(flag => (flag.name === name ? [flag.verb] : [])))
    expect(having('yes')).toEqual(new Set(['apply', 'rollback', 'uninstall']))
    expect(having('dry-run')).toEqual(new Set(['apply', 'install']))
  })
})

describe('what a script sees', () => {
  const shell = (line: string) =>
    execa('bash', ['-c', line, process.execPath, kubectlNpm, EXAMPLE], {
      reject: false,
      env: {KUBECONFIG: '/no/such/kubeconfig', NO_COLOR: ''},
    })

  test('data on stdout, all else on stderr', async () => {
    const answer = await runCli(['sets', 'app=web', '--from', EXAMPLE])
    expect(answer).toMatchObject({stderr: '', exitCode: 0})
    const error = await runCli(['trace', 'shop/wbe-1', 'shop/api-0', '--port', '8080', '--from', EXAMPLE])
    expect(error.stdout).toBe('')
    expect(error.exitCode).not.toBe(0)
    expect(error.stderr).toContain('Did you mean shop/web-1?')
  })

  test('no colours, whatever the kind of terminal that it was started from', async () => {
    const {stdout} = await shell('TERM=xterm-256color "$0" "$1" diff "$2"')
    expect(stdout).toContain('OPEN:')
    expect(stdout).not.toContain('\u001b')
  })

  test('an end that is not read is silent', async () => {
    const {stdout, stderr} = await shell('"$0" "$1" translate "$2" -o json | head -c 1; echo " ${PIPESTATUS[0]}"')
    expect({stdout, stderr}).toEqual({stdout: '{ 0', stderr: ''})
  })

  test('a full disk is told, with 2', async () => {
    const {stderr, exitCode} = await shell('"$0" "$1" translate "$2" > /dev/full')
    expect(stderr).toContain('the answer cannot be written: no space left on device')
    expect(exitCode).toBe(2)
  })

  test('--no-headers leaves out those of chosen columns, too', async () => {
    const columns = ['policies', EXAMPLE, '-o', 'custom-columns=NAME:.name,PODS:.pods']
    expect((await runCli(columns)).stdout).toMatch(/^NAME +PODS\napi +2\n/)
    expect((await runCli([...columns, '--no-headers'])).stdout).toMatch(/^api +2\n/)
  })

  test('no question where nobody can be asked: the flag is named', async () => {
    const {stderr, exitCode} = await runCli(['apply', '--local', '-f', `${EXAMPLE}/cluster.json`])
    expect(stderr).toContain('Say --yes to write without being asked, or --dry-run to see the plan.')
    expect(exitCode).toBe(2)
  })
})

describe('colours on a terminal', () => {
  const colored = async (env: Record<string, string>, flags = '') => {
    const {stdout} = await onTerminal(`${process.execPath} ${kubectlNpm} translate ${EXAMPLE} ${flags}`, env)
    expect(stdout).toContain('aks-shop-1')
    return stdout.includes('\u001b[1m')
  }

  test('are there, unless NO_COLOR, TERM=dumb or --color says otherwise', async () => {
    expect(await colored({NO_COLOR: ''})).toBe(true)
    expect(await colored({NO_COLOR: '1'})).toBe(false)
    expect(await colored({NO_COLOR: '', TERM: 'dumb'})).toBe(false)
    expect(await colored({NO_COLOR: ''}, '--color never')).toBe(false)
    expect(await colored({NO_COLOR: '1'}, '--color always')).toBe(true)
  })
})
