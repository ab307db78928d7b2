import {spawnSync} from 'node:child_process'
import {readdirSync} from 'node:fs'
import {join} from 'node:path'
import {execa} from 'execa'
import {expect, test} from 'vitest'
import {verbs} from '../../plugin/commands/index.ts'
import {roffText} from '../../scripts/docs/roff.ts'
import {describeWhere} from '../support/describe-where.ts'

/** What is written into man pages is held by verb-pages.test.ts. Here it is what readers of man pages make of it. */

const folder = join(import.meta.dirname, '../../man')
const files = readdirSync(folder).map(name => join(folder, name))

/** A page as a terminal shows it, with its words in one line. */
async function shown(page: string): Promise<string> {
  const {stdout} = await execa('mandoc', ['-T', 'utf8', join(folder, `${page}.1`)])
  // Bold and underlined characters are overstruck.
  return stdout.replaceAll(/.\u0008/g, '').replaceAll(/\s+/g, ' ')
}

const missing = ['man', 'mandoc'].find(tool => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0)

describeWhere(missing && `${missing} is not installed`, 'man pages', () => {
  test('have nothing that mandoc or groff complains about', async () => {
    const lint = await execa('mandoc', ['-T', 'lint', '-W', 'warning', ...files], {reject: false})
    expect(lint.stdout).toBe('')
    const {stderr} = await execa('man', ['--warnings', '-l', ...files], {env: {MANPAGER: 'cat'}, stdout: 'ignore'})
    expect(stderr).toBe('')
  })

  test('show every flag of the verb, its exit codes and its examples as they are typed', async () => {
    const trace = await shown('kubectl-npm-trace')
    const shape = await verbs['trace']?.load()
    for (const flag of ['mark', 'port', 'protocol', 'namespace', 'from', 'node']) {
      expect(Object.keys(shape?.flags ?? {})).toContain(flag)
      expect(trace).toContain(`--${flag} `)
    }
    expect(trace).toContain(`1 ${shape?.exits.no}.`)
    expect(trace).toContain('kubectl npm trace shop/web-0 shop/db-0 --port 5432 --from dump/')
  })

  test('list all verbs on the first one', async () => {
    const first = await shown('kubectl-npm')
    for (const [name, {summary}] of Object.entries(verbs)) expect(first).toContain(`${name} ${summary}.`)
  })
})

test('no text becomes a request or an escape of roff', () => {
  expect(roffText('.SH x')).toBe('\\&.SH x')
  expect(roffText("'x' \\n --a…")).toBe('\\(aqx\\(aq \\en \\-\\-a\\[u2026]')
})
