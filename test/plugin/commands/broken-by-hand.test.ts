import {expect} from 'vitest'
import {setKernelName} from '../../../core/names/kernel-name.ts'
import {kubectlNpm} from '../../support/built-programs.ts'
import {describeKernel, kernelTest} from '../../support/kernel/describe.ts'
import {loadRules, loadSets} from '../../support/kernel/load.ts'
import type {Namespace} from '../../support/kernel/namespace.ts'
import {backends} from '../../support/kernel/tools.ts'
import {fixture} from '../../support/plugin/run-cli.ts'
import {program} from '../../support/programs/program.ts'

const cluster = fixture('captures/v2-base36-nft/cluster.yaml')

/** What Azure NPM does otherwise than the policies of the bakery ask for, on every node. */
const DEPARTURE = 'bakery/mixer: A namespace selector that only excludes admits every address that is no pod too'

const run = (namespace: Namespace, args: readonly string[]) =>
  namespace.run(process.execPath, [kubectlNpm, ...args, '--local', '--from', cluster], {allowFailure: true})

const question = ['trace', 'storefront/till-0', 'bakery/oven-0', '--port', '8080']
const oven = setKernelName('podlabel-app:oven', 'sha256')

/** A node of the bakery in a namespace, as Azure NPM leaves it. */
async function healthyNode(namespace: Namespace, backend: (typeof backends)[number]): Promise<void> {
  const {sets, rules} = program('v2-base36')
  await loadSets(namespace, sets)
  await loadRules(namespace, backend, rules)
}

describeKernel('a node that was broken by hand', () => {
  for (const backend of backends) {
    kernelTest(`is as Azure NPM programs it before, in ${backend}`, async namespace => {
      await healthyNode(namespace, backend)
      const {exitCode, stdout} = await run(namespace, ['diff'])
      expect(stdout).toMatch(/^node \S+: 1 departure of Azure NPM from the policies\n/)
      expect(stdout).toContain(DEPARTURE)
      expect(exitCode).toBe(1)
      const bare = await run(namespace, ['diff', '--program-only'])
      expect(bare).toMatchObject({exitCode: 0, stdout: expect.stringContaining(': clean: ')})
      expect(await run(namespace, question)).toMatchObject({exitCode: 0, stdout: expect.stringContaining('tcp/8080: ALLOWED')})
    })

    kernelTest(`shows a member that was taken away, in ${backend}`, async namespace => {
      await healthyNode(namespace, backend)
      await namespace.run('ipset', ['del', oven, '10.60.0.10'])
      const diff = await run(namespace, ['diff', '-o', 'wide'])
      expect(diff.exitCode).toBe(1)
      expect(diff.stdout).toMatch(/^node \S+: 1 thing wrong, 1 departure/)
      expect(diff.stdout).toMatch(
        /CLOSED[^]*\n {2}1\. pod bakery\/oven-0 \(10\.60\.0\.10\) is missing in podlabel-app:oven\n[^]*- member missing: podlabel-app:oven azure-npm-5iu1htjq9hd97m4vb2r9\n {10}- 10\.60\.0\.10/,
      )
      const trace = await run(namespace, question)
      expect(trace.exitCode).toBe(1)
      expect(trace.stdout).toContain('THE NODE DOES NOT DO WHAT THE POLICIES SAY')
      expect(trace.stdout).toContain('pod bakery/oven-0 (10.60.0.10) is missing in podlabel-app:oven')
    })

    kernelTest(`shows a jump that was taken away, in ${backend}`, async namespace => {
      await healthyNode(namespace, backend)
      await namespace.run(`iptables-${backend}`, ['-D', 'FORWARD', '-m', 'conntrack', '--ctstate', 'NEW', '-j', 'AZURE-NPM'])
      const diff = await run(namespace, ['diff'])
      expect(diff.exitCode).toBe(1)
      expect(diff.stdout).toMatch(/OPEN[^]*\n {2}1\. the jump from FORWARD to AZURE-NPM is missing: no policy is enforced\n/)
      const trace = await run(namespace, ['trace', 'external', 'bakery/oven-0', '--port', '8080'])
      expect(trace).toMatchObject({exitCode: 0, stdout: expect.stringContaining('THE NODE DOES NOT DO WHAT THE POLICIES SAY')})
      expect(trace.stdout).toContain('the jump from FORWARD to AZURE-NPM is missing: no policy is enforced')
    })

    kernelTest(`shows a hole that somebody made, in ${backend}`, async namespace => {
      await healthyNode(namespace, backend)
      const hole = ['-I', 'AZURE-NPM-INGRESS', '1', '-s', '203.0.113.9', '-j', 'AZURE-NPM-INGRESS-ALLOW-MARK']
      await namespace.run(`iptables-${backend}`, hole)
      const {stdout} = await run(namespace, ['diff'])
      expect(stdout).toMatch(
        /OPEN[^]*\n {2}1\. rule 1 of AZURE-NPM-INGRESS, which Azure NPM did not write: -s 203\.0\.113\.9\/32 -j AZURE-NPM-INGRESS-ALLOW-MARK/,
      )
      expect(stdout).toContain('for example 203.0.113.9 -> ')
    })
  }
})
