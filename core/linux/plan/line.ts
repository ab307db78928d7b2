import type {PartSet} from './part.ts'
import {type Counters, PartRule} from './part-rule.ts'

/** What one line tells `ipset restore`. */
export type SetLine =
  | {readonly does: 'create'; readonly set: string; readonly type: string; readonly options: ReadonlyMap<string, string>}
  | {readonly does: 'add'; readonly set: string; readonly member: string}
  | {readonly does: 'del'; readonly set: string; readonly entry: string}
  | {readonly does: 'flush' | 'destroy'; readonly set: string}
  | {readonly does: 'swap'; readonly set: string; readonly other: string}

/** What one line tells `iptables-restore --noflush`, in table filter. Positions count from 1. */
export type RuleLine =
  | {readonly does: 'declare' | 'flush' | 'remove'; readonly chain: string}
  | {readonly does: 'append'; readonly chain: string; readonly rule: PartRule}
  | {readonly does: 'insert' | 'replace'; readonly chain: string; readonly position: number; readonly rule: PartRule}
  | {readonly does: 'delete'; readonly chain: string; readonly position: number}
  | {readonly does: 'deleteRule'; readonly chain: string; readonly rule: PartRule}

export function printSetLine(line: SetLine): string {
  switch (line.does) {
    case 'create':
      return ['create', line.set, line.type, ...[...line.options].flat().filter(word => word !== '')].join(' ')
    case 'add':
      return `add ${line.set} ${line.member}`
    case 'del':
      return `del ${line.set} ${line.entry}`
    case 'swap':
      return `swap ${line.set} ${line.other}`
    case 'flush':
    case 'destroy':
      return `${line.does} ${line.set}`
  }
}

export const createLine = ({name, type, options}: PartSet): SetLine => ({does: 'create', set: name, type, options})

const counted = (counters: Counters | undefined): string =>
  counters && (counters.packets > 0 || counters.bytes > 0) ? ` -c ${counters.packets} ${counters.bytes}` : ''

/** What stands behind a rule's place. A rule may have neither conditions nor a target. */
const bodyOf = ({counters, text}: PartRule): string => `${counted(counters)}${text === '' ? '' : ` ${text}`}`

export function printRuleLine(line: RuleLine): string {
  const {chain} = line
  switch (line.does) {
    case 'declare':
      return `:${chain} - [0:0]`
    case 'flush':
      return `-F ${chain}`
    case 'remove':
      return `-X ${chain}`
    case 'append':
      return `-A ${chain}${bodyOf(line.rule)}`
    case 'insert':
      return `-I ${chain} ${line.position}${bodyOf(line.rule)}`
    case 'replace':
      return `-R ${chain} ${line.position}${bodyOf(line.rule)}`
    case 'delete':
      return `-D ${chain} ${line.position}`
    case 'deleteRule':
      return `-D ${chain} ${line.rule.text}`
  }
}

const ADD = 'add '

/** Nearly all lines of a large plan are such ones, so no words are made of them. */
function parseAddLine(text: string): SetLine | undefined {
  const space = text.indexOf(' ', ADD.length)
  return space <= ADD.length ? undefined : {does: 'add', set: text.slice(ADD.length, space), member: text.slice(space + 1)}
}

/** Options of `create` that stand alone. */
const FLAGS = new Set(['counters', 'comment', 'skbinfo', 'forceadd'])

/** @returns undefined for a line of another form than plans have */
export function parseSetLine(text: string): SetLine | undefined {
  if (text.startsWith(ADD)) return parseAddLine(text)
  const [does, set, ...rest] = text.split(' ')
  if (set === undefined || set === '') return undefined
  const [first, second] = rest
  switch (does) {
    case 'create': {
      if (first === undefined) return undefined
      const options = new Map<string, string>()
      const words = rest.slice(1)
      while (words.length > 0) {
        const key = words.shift() as string
        const value = FLAGS.has(key) ? '' : words.shift()
        if (value === undefined) return undefined
        options.set(key, value)
      }
      return {does, set, type: first, options}
    }
    case 'del':
      return first === undefined || rest.length > 1 ? undefined : {does, set, entry: first}
    case 'swap':
      return first === undefined || second !== undefined ? undefined : {does, set, other: first}
    case 'flush':
    case 'destroy':
      return first === undefined ? {does, set} : undefined
    default:
      return undefined
  }
}

const DECLARED = /^:(\S+) - \[0:0\]$/
const WHOLE = /^-(F|X) (\S+)$/
const PLACED = /^-(A|I|R) (\S+)(?: (\d+))?(?: -c (\d+) (\d+))?(?: (-.*|! -.*))?$/
const AT_POSITION = /^-D (\S+) (\d+)$/
const BY_RULE = /^-D (\S+) (-.*|! -.*)$/

/** @returns undefined for a line of another form than plans have */
export function parseRuleLine(text: string): RuleLine | undefined {
  if (text.startsWith('-A ')) return parsePlacedLine(text)
  const declared = DECLARED.exec(text)
  if (declared) return {does: 'declare', chain: declared[1] as string}
  const whole = WHOLE.exec(text)
  if (whole) return {does: whole[1] === 'F' ? 'flush' : 'remove', chain: whole[2] as string}
  if (/^-[IR] /.test(text)) return parsePlacedLine(text)
  const deleted = AT_POSITION.exec(text)
  if (deleted) return {does: 'delete', chain: deleted[1] as string, position: Number(deleted[2])}
  const byRule = BY_RULE.exec(text)
  return byRule ? {does: 'deleteRule', chain: byRule[1] as string, rule: PartRule.parsed(byRule[2] as string)} : undefined
}

function parsePlacedLine(text: string): RuleLine | undefined {
  const placed = PLACED.exec(text)
  if (!placed) return undefined
  const [, option, chain = '', at, packets, bytes, body = ''] = placed
  const rule = PartRule.parsed(body, packets === undefined ? undefined : {packets: Number(packets), bytes: Number(bytes)})
  if (option === 'A') return at === undefined ? {does: 'append', chain, rule} : undefined
  if (at === undefined) return undefined
  return {does: option === 'I' ? 'insert' : 'replace', chain, position: Number(at), rule}
}
