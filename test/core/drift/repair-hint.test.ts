import {describe, expect, test} from 'vitest'
import type {Cause} from '../../../core/dataplane/cause.ts'
import {repairHint} from '../../../core/drift/repair-hint.ts'

const difference = {kind: 'chain', chain: 'AZURE-NPM'} as const
const cause = (changes: Partial<Cause>): Cause => ({kind: 'chain', text: '', differences: [difference], ...changes})
const hint = (causes: readonly Cause[], {kept = [], needed = []}: {kept?: string[]; needed?: number[]} = {}) =>
  repairHint(0, {target: '--node n1', causes, kept: new Set(kept)}, needed)
const command = (rest: string) => ({command: `kubectl npm apply --node n1 ${rest}`})

describe('the command that mends a cause', () => {
  test('names the policy, which lasts longer than a number', () => {
    expect(hint([cause({kind: 'policyMissing', policy: 'shop/db'})])).toEqual(command('--policy shop/db'))
  })

  test('names the cause where two are of one policy, or none is', () => {
    const two = [cause({policy: 'shop/db'}), cause({policy: 'shop/db'})]
    expect(hint(two)).toEqual(command('--cause 1'))
    expect(hint([cause({})])).toEqual(command('--cause 1'))
  })

  test('never has a name that a shell would read as more than one word', () => {
    expect(hint([cause({policy: 'shop/db | shop/web'})])).toEqual(command('--cause 1'))
    expect(hint([cause({policy: '$(reboot)'})])).toEqual(command('--cause 1'))
  })

  test('names what must be repaired together, as far as it can be', () => {
    const causes = [cause({}), cause({policy: 'shop/db'}), cause({kind: 'foreignRule', differences: []})]
    expect(hint(causes, {needed: [1, 2]})).toEqual(command('--cause 1 --policy shop/db'))
  })
})

describe('what to do where apply cannot mend', () => {
  test('a rule of another program', () => {
    const foreign = {kind: 'foreignRule', differences: []} as const
    expect(hint([cause({...foreign, foreign: {chain: 'FORWARD', rule: {}}})]).instead).toContain('behind the jump to AZURE-NPM')
    expect(hint([cause({...foreign, foreign: {chain: 'FORWARD'}})]).instead).toContain('the policy of FORWARD')
  })

  test('what nothing explains', () => {
    expect(hint([cause({kind: 'unexplained', differences: []})]).instead).toContain('kubectl npm dump')
  })

  test('the old version of a policy that Azure NPM refuses now', () => {
    const left = cause({kind: 'policyLeftOver', policy: 'shop/db'})
    expect(hint([left], {kept: ['shop/db']}).instead).toContain('change policy shop/db')
    expect(hint([left], {kept: ['shop/web']})).toEqual(command('--policy shop/db'))
  })

  test('a rule of another program before the jump, where the jump can be moved', () => {
    expect(hint([cause({kind: 'foreignRule'})])).toEqual(command('--cause 1'))
  })
})
