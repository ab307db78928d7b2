import {existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {verbs} from '../../../plugin/commands/index.ts'
import {type Case, ownCases, sharedCase} from '../../support/plugin/flag-cases.ts'
import {openRecorder, type RecordedRun, type Recorder} from '../../support/plugin/recorded-run.ts'

/**
 * Every flag changes something: what is printed, the exit code, what kubectl, the API server or this machine is asked for. One that is parsed and
 * then forgotten fails here.
 */

const root = join(import.meta.dirname, '../../..')

let recorder: Recorder
beforeAll(async () => {
  recorder = await openRecorder()
})
afterAll(() => recorder[Symbol.asyncDispose]())

const flagsOf = async (verb: string): Promise<string[]> => {
  const shape = await verbs[verb]?.load()
  return Object.keys({...shape?.baseFlags, ...shape?.flags})
}
const caseOf = (verb: string, name: string): Case | undefined => ownCases[verb]?.[name] ?? sharedCase(verb, name)

/** Many flags are added to the same words. */
const runs = new Map<string, Promise<RecordedRun>>()
const remembered = (words: readonly string[]): Promise<RecordedRun> => {
  const key = words.join('\0')
  const found = runs.get(key) ?? recorder.run(words)
  runs.set(key, found)
  return found
}

describe.each(Object.keys(verbs))('%s', verb => {
  test('has a case for each of its flags, and no other', async () => {
    const names = await flagsOf(verb)
    expect(names.filter(name => caseOf(verb, name) === undefined)).toEqual([])
    expect(Object.keys(ownCases[verb] ?? {}).filter(name => !names.includes(name))).toEqual([])
  })

  test('does something else with each of them', async () => {
    const without: string[] = []
    for (const name of await flagsOf(verb)) {
      const found = caseOf(verb, name)
      if (!found || !('words' in found)) continue
      const before = await remembered(found.words)
      const after = await recorder.run([...found.words, ...found.flag])
      if (isSame(before, after)) without.push(`${found.words.join(' ')} ${found.flag.join(' ')}: ${before.stderr.slice(0, 200)}`)
    }
    expect(without).toEqual([])
  })

  test('has the tests that are named for the others', async () => {
    for (const name of await flagsOf(verb)) {
      const found = caseOf(verb, name)
      if (!found || !('file' in found)) continue
      const path = join(root, found.file)
      expect(existsSync(path) && readFileSync(path, 'utf8'), `${verb} --${name}: ${found.file}`).toContain(found.test)
    }
  })
})

const isSame = (before: RecordedRun, after: RecordedRun): boolean => JSON.stringify(before) === JSON.stringify(after)
