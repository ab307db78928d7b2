import type {LabelExpression, LabelSelector} from './objects.ts'

/** `a in (b, c)`, `a notin (b)` */
const SET_BASED = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/
/** `a=b`, `a==b`, `a!=b` */
const EQUALITY = /^([^\s=!]+)\s*(==|=|!=)\s*([^\s=!]*)$/
/** `a`, `!a` */
const EXISTENCE = /^(!?)\s*([^\s=!(),]+)$/

/**
 * Reads a selector as kubectl's `-l` takes it: `app=web,tier!=db,env in (a,b),!old`.
 *
 * @returns undefined for what is no selector
 */
export function parseSelector(text: string): LabelSelector | undefined {
  const matchExpressions: LabelExpression[] = []
  // Commas in parentheses separate values.
  for (const part of text.split(/,(?![^()]*\))/)) {
    const expression = readExpression(part.trim())
    if (!expression) return undefined
    matchExpressions.push(expression)
  }
  return {matchExpressions}
}

function readExpression(text: string): LabelExpression | undefined {
  const [, inKey, operator, list = ''] = SET_BASED.exec(text) ?? []
  if (inKey !== undefined)
    return {key: inKey, operator: operator === 'in' ? 'In' : 'NotIn', values: list.split(',').map(value => value.trim())}
  const [, key, sign, value = ''] = EQUALITY.exec(text) ?? []
  if (key !== undefined) return {key, operator: sign === '!=' ? 'NotIn' : 'In', values: [value]}
  const [, not, only] = EXISTENCE.exec(text) ?? []
  return only === undefined ? undefined : {key: only, operator: not === '!' ? 'DoesNotExist' : 'Exists'}
}
