import {describe, expect, test} from 'vitest'
import {compilePolicies, PolicyCompilation} from '../../../core/compile/policy-compilation.ts'
import {linux} from '../../../core/dataplanes.ts'
import type {LinuxProgram} from '../../../core/linux/npm/program.ts'
import type {CompileOptions} from '../../../core/policy/program.ts'
import {objectsOf} from '../../support/linux/compare-programs.ts'
import {listedRules} from '../../support/linux/listed-rules.ts'

const options: CompileOptions = {scheme: 'sha256', semantics: 'npm'}
const shop = objectsOf('real-npm/shop-sha256/cluster.json')

/** A compiler that lists what it compiles. */
function counted() {
  const calls: string[] = []
  const compiler = {
    ...linux.policyCompiler,
    compile: (...given: Parameters<typeof linux.policyCompiler.compile>) => {
      calls.push('all')
      return linux.policyCompiler.compile(...given)
    },
    compileSets: (...given: Parameters<typeof linux.policyCompiler.compileSets>) => {
      calls.push('sets')
      return linux.policyCompiler.compileSets(...given)
    },
  }
  return {calls, compilation: new PolicyCompilation(compiler, shop, options)}
}

describe('what policies compile to', () => {
  test('is compiled without rules where sets and refusals are all that is asked for', () => {
    const {calls, compilation} = counted()
    const lines = [...compilation.restoreLines('ipset')]
    expect(compilation.refusals).toEqual(linux.policyCompiler.compile(shop, options).refusals)
    expect(calls).toEqual(['sets'])
    expect(lines).toEqual([...linux.policyCompiler.restoreLines(linux.policyCompiler.compile(shop, options), 'ipset')])
  })

  test('is compiled once, whatever is asked of it', () => {
    const {calls, compilation} = counted()
    const {policies} = compilation.program
    expect(compilation.policyRules().length).toBe(policies.length)
    expect(compilation.text().policies.length).toBe(policies.length)
    expect([...compilation.restoreLines('iptables'), ...compilation.restoreLines('ipset')]).not.toEqual([])
    expect(compilation.refusals).toBe(compilation.program.refusals)
    expect(calls).toEqual(['all'])
  })

  test('is the program of Linux', () => {
    const {policies, ...rest} = compilePolicies(shop, options).program as LinuxProgram
    const {policies: wanted, ...others} = linux.policyCompiler.compile(shop, options) as LinuxProgram
    expect([listedRules(policies), rest]).toEqual([listedRules(wanted), others])
  })
})
