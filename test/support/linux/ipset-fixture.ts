import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import type {MatchSet} from '../../../core/linux/ipset/model.ts'
import type {Problem} from '../../../core/problem/problem.ts'

const fixtures = join(import.meta.dirname, '../../fixtures')
const read = (path: string): string => readFileSync(join(fixtures, path), 'utf8')

/** Dumps of one node: what `ipset save` and, at the same moment, `ipset list` printed. */
export interface Dumps {
  readonly name: string
  readonly save: string
  readonly list: string
}

export const kinds: Dumps & {readonly terse: string} = {
  name: 'kinds',
  save: read('ipset/kinds-save.txt'),
  list: read('ipset/kinds-list.txt'),
  terse: read('ipset/kinds-list-terse.txt'),
}

/** Nodes that Azure NPM programmed. */
export const nodes: Dumps[] = readdirSync(join(fixtures, 'real-npm'), {withFileTypes: true})
  .filter(entry => entry.isDirectory() && readdirSync(join(fixtures, 'real-npm', entry.name)).includes('ipset-list.txt'))
  .map(({name}) => ({name, save: read(`real-npm/${name}/ipset-save.txt`), list: read(`real-npm/${name}/ipset-list.txt`)}))

/** What two dumps of the same sets agree on: all but lines and what only `ipset list` tells. */
export const content = (sets: readonly MatchSet[]) =>
  sets.map(({name, type, header, members}) => ({
    name,
    type,
    header: [...header],
    members: members.map(({entry, nomatch, extra}) => ({entry, nomatch, extra})),
  }))

/** Problems that a person could not use; the summary of many of a kind has no line of its own. */
export const unusable = (problems: readonly Problem[], file: string): Problem[] =>
  problems.filter(problem => {
    const {message, next, line, column, text} = problem
    if (problem.file !== file || message === '' || next === '' || message.includes('undefined')) return true
    const isSummary = /^\d+ more problems/.test(message)
    return !isSummary && !(line && line > 0 && column && column > 0 && text !== undefined && text.length <= 201)
  })
