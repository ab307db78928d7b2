import {readFileSync} from 'node:fs'
import {expect} from 'vitest'
import {describeKernel, kernelTest} from './describe.ts'
import {listSets, loadRules, loadSets, saveRules, saveSets} from './load.ts'
import {normalList, normalSets} from './normal.ts'
import {backends} from './tools.ts'

const vectors = <Shape>(file: string): Shape =>
  JSON.parse(readFileSync(new URL(`../../fixtures/vectors/${file}`, import.meta.url), 'utf8')) as Shape

interface Form {
  readonly written: string
  readonly printed: string
}

const A = 'azure-npm-aaaaaaaaaaaaaaaaaaaa'
const PORTS = 'azure-npm-bbbbbbbbbbbbbbbbbbbb'
const LIST = 'azure-npm-cccccccccccccccccccc'
const DECIMAL = 'azure-npm-1234567890'

/** The sets that the rules and the refused lines name. */
const named = `-N ${A} --exist nethash
-N ${PORTS} --exist hash:ip,port
-N ${LIST} --exist setlist
-N ${DECIMAL} --exist nethash maxelem 4294967295
-A ${A} 10.0.0.1
-A ${LIST} ${A}
-A ${DECIMAL} 10.0.0.0/8
`

describeKernel('forms of rules and sets on the real kernel', () => {
  const rules = vectors<Form[]>('rule-forms.json')

  for (const backend of backends) {
    kernelTest(`iptables-save prints rules as recorded (${backend})`, async namespace => {
      await loadSets(namespace, named)
      const written = rules.map(rule => rule.written).join('\n')
      await loadRules(namespace, backend, `*filter\n:T - -\n:AZURE-NPM - -\n${written}\nCOMMIT\n`)
      const printed = (await saveRules(namespace, backend)).split('\n').filter(line => line.includes(' -A T '))
      expect(printed).toEqual(rules.map(rule => `[0:0] ${rule.printed}`))
    })
  }

  const {sets, errors} = vectors<{
    sets: {what: string; create: string; createPrinted: string; listed: string[]; members: Form[]}[]
    errors: {line: string; exit: number; stderr: string}[]
  }>('ipset-forms.json')

  for (const {what, create, createPrinted, listed, members} of sets) {
    kernelTest(`ipset prints as recorded: ${what}`, async namespace => {
      // The list has this one as a member.
      const others = `-N ${DECIMAL} --exist nethash\n`
      await loadSets(namespace, `${others}${create}\n`)
      expect(normalList(await listSets(namespace))).toContain(normalList(listed.join('\n')))
      await loadSets(namespace, `${members.map(member => member.written).join('\n')}\n`)
      const expected = normalSets([createPrinted, ...members.map(member => member.printed)].join('\n'))
      expect(normalSets(await saveSets(namespace))).toContain(expected)
    })
  }

  kernelTest('ipset restore refuses lines with the recorded words', async namespace => {
    await loadSets(namespace, named)
    for (const {line, exit, stderr} of errors) {
      const said = await namespace.run('ipset', ['restore'], {stdin: `${line}\n`, allowFailure: true})
      expect({line, exit: said.exitCode, stderr: withoutVersion(said.stderr)}).toEqual({
        line,
        exit,
        stderr: withoutVersion(stderr),
      })
    }
  })
})

const withoutVersion = (text: string): string => text.trim().replace(/^ipset v[\d.]+: /, '')
