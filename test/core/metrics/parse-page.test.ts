import {fc, test as property} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import {parsePage} from '../../../core/metrics/parse-page.ts'
import {metricValue, numberText} from '../../../core/metrics/series-text.ts'
import {sampleLine} from '../../support/metrics/sample-line.ts'

const page = (...lines: string[]) => {
  const {samples, problems} = parsePage([lines.map(line => `${line}\n`).join('')], 'page')
  return {lines: [...samples.values()].flat().map(sampleLine), problems}
}

describe('numbers of Go', () => {
  test.each([
    ['NaN', 'NaN'],
    ['Nan', 'NaN'],
    ['+Inf', '+Inf'],
    ['Inf', '+Inf'],
    ['-Inf', '-Inf'],
    ['1e+06', '1e+06'],
    ['1000000', '1e+06'],
    ['999999', '999999'],
    ['1.5e-05', '1.5e-05'],
    ['0.00709', '0.00709'],
    ['-0', '0'],
    ['1.234567e+21', '1.234567e+21'],
  ])('%s is read and printed as %s', (given, printed) => {
    expect(page(`npm_num_policies ${given}`).lines).toEqual([`npm_num_policies ${printed}`])
  })

  property.prop([fc.double()])('keep their value', value => {
    const text = numberText(metricValue(value))
    const back = text.endsWith('Inf') ? Number(`${text}inity`) : Number(text)
    expect(back + 0).toBe(value + 0)
  })
})

describe('lines', () => {
  test('of other programs, empty ones and comments are passed over', () => {
    expect(page('', '# HELP x y', '#', 'go_goroutines 7', 'npm_new_metric 1', '# EOF')).toEqual({lines: [], problems: []})
  })

  test('may have a time, spaces and a comma at the end of labels', () => {
    expect(page('npm_ipset_counts{ set_hash = "azure-npm-1" ,set_name="ns-x",}  3 1700000000000').lines).toEqual([
      'npm_ipset_counts{set_hash="azure-npm-1",set_name="ns-x"} 3',
    ])
  })

  test('keep what is escaped in labels', () => {
    const line = 'npm_ipset_counts{set_hash="azure-npm-1",set_name="a\\"b\\\\c\\nd}e,f=\\"g"} 3'
    expect(page(line).lines).toEqual([line])
  })

  test.each([
    'npm_num_policies',
    'npm_num_policies eleven',
    'npm_num_policies 0x10',
    'npm_ipset_counts{set_name="x} 3',
    'npm_ipset_counts{set_name="x",set_name="y"} 3',
    '}{',
    'npm_num_policies 1 2 3',
  ])('that are damaged are a problem and no value: %s', line => {
    const {lines, problems} = page('npm_num_ipsets 1', line)
    expect(lines).toEqual(['npm_num_ipsets 1'])
    expect(problems).toMatchObject([{code: 'UNKNOWN_LINE', file: 'page', line: 2, text: line}])
  })

  test('that are there twice count once', () => {
    const {lines, problems} = page('npm_num_ipsets 1', 'npm_num_ipsets 2')
    expect(lines).toEqual(['npm_num_ipsets 1'])
    expect(problems).toMatchObject([{line: 2}])
  })
})

describe('a page that is cut off', () => {
  test('gives no number that may lack digits', () => {
    const {samples, problems} = parsePage(['npm_num_ipsets 1\n', 'npm_num_policies 1'], 'page')
    expect([...samples.keys()]).toEqual(['npm_num_ipsets'])
    expect(problems).toMatchObject([{code: 'TRUNCATED_FILE', line: 2}])
  })

  test('gives no summary of which a part is missing', () => {
    const whole = ['{quantile="0.5"} NaN', '_sum 0', '_count 0'].map(rest => `npm_add_ipset_exec_time${rest}`)
    expect(page(...whole).lines).toEqual(whole)
    const {lines, problems} = page(...whole.slice(0, 2))
    expect(lines).toEqual([])
    expect(problems).toMatchObject([{code: 'TRUNCATED_FILE'}])
  })

  test('loses the one combination of labels that is not whole', () => {
    const restore = (operation: string, parts: readonly string[]) =>
      parts.map(part => {
        const [name, le] = part.split(' ')
        return `npm_linux_iptables_restore_latency_seconds_${name}{operation="${operation}"${le ? `,le="${le}"` : ''}} 1`
      })
    const whole = restore('create', ['bucket 1', 'bucket +Inf', 'sum', 'count'])
    expect(page(...whole, ...restore('delete', ['bucket 1'])).lines).toEqual(whole)
  })
})
