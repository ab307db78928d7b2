/** A rule of Prometheus, recording or alerting, as it stands in a file. */
export interface Rule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly for?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

export interface Mutant {
  /** What was changed, in words, with the rule's name. */
  readonly name: string
  /** Undefined where the whole rule is gone. */
  readonly rule: Rule | undefined
}

const without = (record: Readonly<Record<string, string>>, key: string): Record<string, string> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => name !== key))

/** Each place of the expression that the pattern finds, changed to each of what `change` gives for it. */
function changed(expr: string, pattern: RegExp, change: (found: string) => readonly string[]): string[] {
  return [...expr.matchAll(pattern)].flatMap(({0: found, index}) =>
    change(found).map(other => expr.slice(0, index) + other + expr.slice(index + found.length)),
  )
}

const swaps: Readonly<Record<string, string>> = {
  '>': '<',
  '<': '>',
  '==': '!=',
  '!=': '==',
  max: 'min',
  sum: 'max',
  unless: 'and',
  or: 'unless',
}
const swapped = (found: string): string[] => [swaps[found] ?? found]

const minutes = (text: string): number => Number.parseInt(text, 10)
/** Half and twice as long. All durations of the rules are whole minutes. */
const otherDurations = (text: string): string[] => [`${minutes(text) * 30}s`, `${minutes(text) * 2}m`]
const otherNumbers = (text: string): string[] => (Number(text) === 0 ? ['1'] : [`${Number(text) / 2}`, `${Number(text) * 2}`])

/** An expression with one operator, aggregation, number, duration, matcher, alternative or label of a list changed or gone. */
function otherExpressions(expr: string): string[] {
  return [
    ...changed(expr, /(?<= )(?:[<>]|==|!=)(?= )/g, swapped),
    ...changed(expr, /\b(?:max|sum|unless|or)\b(?! *\{)/g, swapped),
    ...changed(expr, /(?<![\w."])\d+(?:\.\d+)?(?![\w."])/g, otherNumbers),
    ...changed(expr, /\b\d+m\b/g, otherDurations),
    ...changed(expr, /\w+(?:=~|!~|!=|=)"[^"]*"(?:, )?/g, () => ['']).map(each => each.replaceAll(', }', '}')),
    ...changed(expr, /\(([\w-]+\|)+[\w-]+\)/g, found => found.slice(1, -1).split('|')),
    ...changed(expr, /(?<=(?:by|on) \()[^)]*(?=\))/g, found => {
      const labels = found.split(', ')
      return labels.map(label => labels.filter(each => each !== label).join(', '))
    }),
  ]
}

/** All that can be changed in one place of a rule. A test that is worth its name fails with each. */
export function mutantsOf(rule: Rule): Mutant[] {
  const name = rule.alert ?? rule.record ?? ''
  return [
    {name: `${name} is gone`, rule: undefined},
    ...otherExpressions(rule.expr).map(expr => ({name: `${name}: ${expr}`, rule: {...rule, expr}})),
    ...(rule.for === undefined ? [] : ['0s', ...otherDurations(rule.for)]).map(time => ({
      name: `${name} for ${time}`,
      rule: {...rule, for: time},
    })),
    ...Object.keys(rule.labels ?? {}).map(key => ({
      name: `${name} without label ${key}`,
      rule: {...rule, labels: without(rule.labels ?? {}, key)},
    })),
    ...Object.keys(rule.annotations ?? {}).map(key => ({
      name: `${name} without ${key}`,
      rule: {...rule, annotations: without(rule.annotations ?? {}, key)},
    })),
  ]
}
