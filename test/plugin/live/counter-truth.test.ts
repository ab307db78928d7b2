import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {execa} from 'execa'
import {describe, expect, test} from 'vitest'
import {policyListSchema} from '../../../core/contract/policies.ts'
import {topSampleSchema} from '../../../core/contract/top.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {printObjects} from '../../../core/kubernetes/print-objects.ts'
import {NODE} from '../../support/agent/fake-reviews.ts'
import {kubectlNpm} from '../../support/built-programs.ts'
import {describeWhere} from '../../support/describe-where.ts'
import {backends, kernelTools} from '../../support/kernel/tools.ts'
import {clusterOf, NodeLab, policy, valuesAt} from '../../support/metrics/node-lab.ts'
import {agentScrapes} from '../../support/monitoring/agent-scrapes.ts'
import {startPrometheus} from '../../support/monitoring/prometheus.ts'
import {missingTools} from '../../support/monitoring/tools.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

/*
 * A known number of real connections, and exactly that many in all that counts them: the program on the node, the agent's pages, and a
 * real Prometheus. The kernel forgets when counters are reset and rules written anew; agent and Prometheus do not.
 */

const dbFromWeb = policy('db-from-web', 'db', 'web')
const POLICY = 'shop/db-from-web'

/** The verbs as processes in the namespace of a node, as root there has them. */
class OnNode {
  private readonly lab: NodeLab
  private readonly objects: string

  constructor(lab: NodeLab, folder: string) {
    this.lab = lab
    this.objects = join(folder, 'objects.json')
  }

  async knows(objects: ClusterObjects): Promise<void> {
    await writeFile(this.objects, [...printObjects(objects)].join(''))
  }

  private async json(verb: string, ...args: readonly string[]): Promise<unknown> {
    const command = [process.execPath, kubectlNpm, verb, ...args, '-o', 'json', '--local', '--from', this.objects]
    const path = '/usr/sbin:/usr/bin:/sbin:/bin'
    const within = ['netns', 'exec', this.lab.writing.namespace.name, 'env', `PATH=${path}`, `NODE_NAME=${NODE}`]
    const {stdout} = await execa('ip', [...within, ...command], {timeout: 60_000})
    return JSON.parse(stdout)
  }

  async counted() {
    const top = topSampleSchema.parse(await this.json('top', '--once'))
    const list = policyListSchema.parse(await this.json('policies'))
    const seen = top.policies?.find(each => each.policy === POLICY && each.direction === 'Ingress')
    const listed = list.items.find(each => each.name === 'db-from-web' && each.direction === 'Ingress')
    return {
      top: {allowed: seen?.newConnections, dropped: seen?.drops},
      node: {all: top.summary?.newConnections, drops: top.summary?.drops},
      policies: {allowed: listed?.newConnections, dropped: listed?.drops},
    }
  }
}

describeWhere(kernelTools().missing ?? missingTools(), 'a known number of connections', () => {
  describe.each(backends)('on iptables-%s', backend => {
    test('is in top, in policies, on the pages of the agent and in Prometheus, whatever happens between', async () => {
      await using lab = await NodeLab.open(backend)
      await using folder = await temporaryFolder()
      const here = new OnNode(lab, folder.path)
      await lab.program(dbFromWeb)
      await here.knows(clusterOf(dbFromWeb))
      /** Since the agent looks, and since the kernel counts. */
      const ever = {allowed: 0, dropped: 0}
      /** The jump to Azure NPM is not written anew with a policy's rules. */
      let rules = {allowed: 0, dropped: 0}
      const talk = async (allowed: number, dropped: number) => {
        await lab.allowed(allowed)
        await lab.dropped(dropped)
        for (const truth of [ever, rules]) {
          truth.allowed += allowed
          truth.dropped += dropped
        }
      }
      let agent = await lab.agent()
      await using prometheus = await startPrometheus(
        folder.path,
        await agentScrapes(folder.path, agent.metricsPort ?? 0, undefined),
      )
      /** While the same agent is there: another one has another port. */
      let isScraped = true
      const inPrometheus = async (verdict: string) => {
        const [found] = await prometheus.query(`npm_agent_policy_packets_total{policy="${POLICY}",verdict="${verdict}"}`)
        return found?.value
      }
      /** The kernel forgets. That is seen at the next scrape; counters that have passed their old count by then do not show it. */
      const forgotten = async () => {
        rules = {allowed: 0, dropped: 0}
        await valuesAt(agent.metricsPort)
      }
      const check = async (when: string) => {
        const {top, node, policies} = await here.counted()
        expect({when, top, policies}).toEqual({when, top: rules, policies: rules})
        expect({when, ...node}).toEqual({when, all: rules.allowed + rules.dropped, drops: rules.dropped})
        const values = await valuesAt(agent.metricsPort)
        const packets = (verdict: string) =>
          values.get(`npm_agent_policy_packets_total{direction="Ingress",policy="${POLICY}",verdict="${verdict}"}`)
        expect({when, allowed: packets('allow'), dropped: packets('drop')}).toEqual({when, ...ever})
        if (!isScraped) return
        await expect.poll(() => inPrometheus('allow')).toBe(ever.allowed)
        await expect.poll(() => inPrometheus('drop')).toBe(ever.dropped)
      }

      await check('at first')
      await talk(5, 3)
      await check('after some')
      await lab.writing.namespace.run(`iptables-${backend}`, ['-w', '60', '-Z'])
      await forgotten()
      await talk(4, 1)
      await check('after a reset')
      // All of them, as Azure NPM does at its start.
      await lab.writing.load(lab.stateOf(dbFromWeb))
      await forgotten()
      await talk(2, 2)
      await check('after the rules were written anew')

      const before = await lab.writing.read()
      const both = [dbFromWeb, policy('web-from-db', 'web', 'db')] as const
      await lab.writing.load(lab.stateOf(...both))
      const wanted = await lab.writing.read()
      await lab.writing.load(lab.stateOf(dbFromWeb))
      await forgotten()
      await talk(1, 1)
      await check('before an apply')
      await using writer = await lab.writing.writer()
      const {file} = await lab.writing.plan({...before, ...(await lab.writing.read())}, wanted)
      const {result} = await writer.tell({does: 'apply', plan: file})
      expect(result).toMatchObject({outcome: 'applied'})
      await here.knows(clusterOf(...both))
      lab.watch.cluster = clusterOf(...both)
      await talk(3, 2)
      await check('after an apply')

      await agent.end()
      await agent[Symbol.asyncDispose]()
      await talk(6, 0)
      agent = await lab.agent()
      isScraped = false
      await check('after the agent was away')
      await agent[Symbol.asyncDispose]()
    })
  })
})
