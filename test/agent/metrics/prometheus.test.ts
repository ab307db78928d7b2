import {execFileSync} from 'node:child_process'
import {describe, expect, test} from 'vitest'
import {API_AUDIENCE, FakeReviews} from '../../support/agent/fake-reviews.ts'
import {describeWhere} from '../../support/describe-where.ts'
import {kernelTools} from '../../support/kernel/tools.ts'
import {NodeLab, policy, valuesAt} from '../../support/metrics/node-lab.ts'
import {agentScrapes} from '../../support/monitoring/agent-scrapes.ts'
import {startPrometheus} from '../../support/monitoring/prometheus.ts'
import {missingTools} from '../../support/monitoring/tools.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

/* A real Prometheus, with the scrape jobs of manifests/monitoring, a real agent and a real kernel. */

const PROMETHEUS = 'system:serviceaccount:monitoring:prometheus'
const dbFromWeb = policy('db-from-web', 'db', 'web')

describeWhere(kernelTools().missing ?? missingTools(), 'a real Prometheus', () => {
  describe.each([
    {name: 'with a token for metrics alone', audience: 'npm-agent-metrics'},
    {name: 'with a token for the API server', audience: API_AUDIENCE},
    {name: 'without sign-in', audience: undefined},
  ])('$name', ({audience}) => {
    test('scrapes both pages, and has as many connections as there were', async () => {
      await using lab = await NodeLab.open()
      await lab.program(dbFromWeb)
      const reviews = new FakeReviews()
      await using agent = await lab.agent({reviews, metrics: {auth: audience === undefined ? 'none' : 'token'}})
      await using folder = await temporaryFolder()
      const token = audience === undefined ? undefined : reviews.give({audience, account: PROMETHEUS, life: 3600})
      await using prometheus = await startPrometheus(folder.path, await agentScrapes(folder.path, agent.metricsPort ?? 0, token))
      const packets = async (verdict: string) => {
        const [found] = await prometheus.query(`npm_agent_policy_packets_total{policy="shop/db-from-web",verdict="${verdict}"}`)
        return found?.value
      }
      await lab.allowed(4)
      await lab.dropped(2)
      await expect.poll(() => packets('allow')).toBe(4)
      await lab.writing.namespace.run('iptables-nft', ['-Z'])
      await lab.allowed(3)
      await expect.poll(() => packets('allow')).toBe(7)
      expect(await packets('drop')).toBe(2)
      expect(await prometheus.targets()).toEqual({
        'npm-agent-node-metrics': 'up',
        'npm-agent-cluster-metrics-per-node': 'up',
        'npm-agent-cluster-metrics': 'up',
      })
      expect(await prometheus.query('npm_num_policies{job="npm-agent-cluster-metrics-per-node"}')).toMatchObject([
        {metric: {node: 'n1', os: 'linux'}, value: 1},
      ])
      expect(await prometheus.query('npm_ipset_counts')).toEqual([])
      if (audience !== undefined) expect(reviews.tokenReviews.length).toBeLessThan(3)
    })
  })

  test('gets nothing with a token that may not, and says why', async () => {
    await using lab = await NodeLab.open()
    const reviews = new FakeReviews()
    await using agent = await lab.agent({reviews, metrics: {auth: 'token'}})
    await using folder = await temporaryFolder()
    const token = reviews.give({audience: API_AUDIENCE, account: 'system:serviceaccount:default:default', life: 3600})
    await using prometheus = await startPrometheus(folder.path, await agentScrapes(folder.path, agent.metricsPort ?? 0, token))
    await expect
      .poll(async () => (await prometheus.targets())['npm-agent-node-metrics'])
      .toMatch(/server returned HTTP status 403 Forbidden/)
    expect(await prometheus.query('npm_agent_info')).toEqual([])
  })

  test('is told within a comparison what was broken by hand, and what that does to packets', async () => {
    await using lab = await NodeLab.open()
    await lab.program(dbFromWeb)
    await using agent = await lab.agent()
    const told = async () => {
      const values = await valuesAt(agent.metricsPort)
      const sum = (effect: string) =>
        [...values].reduce(
          (all, [series, value]) => all + (series.includes(`{effect="${effect}"`) && series.includes('differences') ? value : 0),
          0,
        )
      const result = (name: string) => values.get(`npm_agent_verify_result{result="${name}"}`)
      return {
        open: sum('open'),
        closed: sum('closed'),
        clean: values.get('npm_agent_clean'),
        proven: result('proven'),
        wrong: result('counterexamples'),
        active: values.get('npm_agent_enforcement_active'),
      }
    }
    const good = {open: 0, closed: 0, clean: 1, proven: 1, wrong: 0, active: 1}
    await expect.poll(told).toEqual(good)
    // Web is in no set any more, so nothing lets it in.
    const saved = (await lab.writing.namespace.run('ipset', ['save'])).stdout
    const sets = [...saved.matchAll(/^add (azure-npm-\w+) 10\.60\.0\.1$/gm)].map(([, name = '']) => name)
    expect(sets.length).toBeGreaterThan(1)
    for (const name of sets) await lab.writing.namespace.run('ipset', ['del', name, '10.60.0.1'])
    await expect.poll(async () => (await told()).closed).toBeGreaterThan(0)
    expect(await told()).toMatchObject({clean: 0, proven: 0, wrong: 1, active: 1})
    for (const name of sets) await lab.writing.namespace.run('ipset', ['add', name, '10.60.0.1'])
    await expect.poll(told).toEqual(good)
    await lab.writing.namespace.run('iptables-nft', ['-F', 'FORWARD'])
    await expect.poll(told).toMatchObject({active: 0, wrong: 1})
    expect((await told()).open).toBeGreaterThan(0)
  })

  test('has nothing to say against the pages', async () => {
    await using lab = await NodeLab.open()
    await lab.program(dbFromWeb)
    await using agent = await lab.agent()
    // The first scrape begins the comparison.
    await expect
      .poll(async () => (await fetch(`http://127.0.0.1:${agent.metricsPort}/node-metrics`)).text())
      .toContain('npm_agent_verify_result{result="proven"} 1')
    for (const path of ['/node-metrics', '/cluster-metrics']) {
      const page = await (await fetch(`http://127.0.0.1:${agent.metricsPort}${path}`)).text()
      const said = execFileSync('promtool', ['check', 'metrics'], {input: page, encoding: 'utf8'})
      expect(said).toBe('')
    }
  })
})
