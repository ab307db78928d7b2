import {readFileSync} from 'node:fs'
import {relative} from 'node:path'
import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {type Finding, lintCodes, lintSchema} from '../../../core/contract/lint.ts'
import {withCodeReference} from '../../../core/lint/code-reference.ts'
import {sarifLog} from '../../../plugin/print/sarif.ts'
import {refusal, startFakeApiServer} from '../../support/plugin/fake-api-server.ts'
import {fixture, runCli, screen} from '../../support/plugin/run-cli.ts'
import {sarifShape} from '../../support/plugin/sarif-shape.ts'

const policies = fixture('lint/policies')
const cluster = fixture('lint/cluster.yaml')
const clean = fixture('lint/clean.yaml')
const golden = (name: string) => `../../golden/lint-${name}.txt`

const lint = (...args: readonly string[]) => runCli(['lint', ...args])
const json = async (...args: readonly string[]) => lintSchema.parse(JSON.parse((await lint(...args, '-o', 'json')).stdout))
const codes = ({findings}: {findings: readonly Finding[]}) => new Set<string>(findings.map(({code}) => code))

describe('what a person reads', () => {
  test.each([
    {name: 'policies', args: ['-f', policies, '--level', 'info']},
    {name: 'folded', args: [policies, '--around', cluster]},
    {name: 'in-cluster', args: ['-f', policies, '--around', cluster, '--level', 'info']},
    {name: 'windows', args: ['-f', policies, '--platform', 'windows', '--fail-on', 'never', '--level', 'info']},
    {
      name: 'clean',
      args: ['-f', clean, '--around', cluster, '--around', fixture('captures/v2-base36-nft/ipset-save.txt'), '--level', 'info'],
    },
    {name: 'broken', args: ['-f', fixture('lint/broken.yaml'), '--level', 'info']},
    {name: 'github', args: [policies, '-o', 'github', '--platform', 'linux']},
    {name: 'junit', args: [policies, '-o', 'junit', '--platform', 'linux']},
  ])('$name reads as it did', async ({name, args}) => {
    await expect(screen(await lint(...args))).toMatchFileSnapshot(golden(name))
  })

  test('help reads as it did', async () => {
    await expect(screen(await lint('--help'))).toMatchFileSnapshot('../../golden/help-lint.txt')
  })
})

describe('findings that somebody accepts', () => {
  const policy = (annotation?: string) => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: v6
  namespace: shop
${annotation === undefined ? '' : `  annotations: {kubectl-npm/lint-accept: '${annotation}'}\n`}spec:
  podSelector: {}
  ingress: [{from: [{ipBlock: {cidr: 'fd00::/8'}}]}]
`
  const lintText = async (text: string, ...args: readonly string[]) => {
    const {stdout, stderr, exitCode} = await runCli(['lint', '-', '--platform', 'linux', '-o', 'json', ...args], {stdin: text})
    const document = exitCode === 2 ? undefined : lintSchema.parse(JSON.parse(stdout))
    return {found: document && codes(document), accepted: document?.accepted, stderr, exitCode}
  }

  test('by nobody: they fail', async () => {
    const {found, accepted, exitCode} = await lintText(policy())
    expect([found?.has('IPV6_BLOCK'), accepted, exitCode]).toEqual([true, undefined, 1])
  })

  test.each([
    {name: 'its annotation', text: policy('ipv6-block'), args: []},
    {name: 'its annotation, with others', text: policy('NO_DNS, IPV6_BLOCK'), args: []},
    {name: 'the flag', text: policy(), args: ['--ignore', 'IPV6_BLOCK']},
  ])('by $name: they are left out and counted', async ({text, args}) => {
    const {found, accepted, exitCode} = await lintText(text, ...args)
    expect([found?.has('IPV6_BLOCK'), accepted, exitCode]).toEqual([false, 1, 0])
  })

  test('of another policy stay', async () => {
    const both = `${policy('IPV6_BLOCK')}---\n${policy().replace('name: v6', 'name: other')}`
    expect(await lintText(both)).toMatchObject({accepted: 1, exitCode: 1})
  })

  test('by a word that is no code, which is told', async () => {
    const flag = await lintText(policy(), '--ignore', 'IPV6_BLOK')
    expect([flag.exitCode, flag.stderr]).toEqual([2, expect.stringContaining('Did you mean IPV6_BLOCK?')])
    const annotation = await lintText(policy('IPV6_BLOK'))
    expect(annotation.stderr).toContain('accepts IPV6_BLOK, and there is no finding of this code')
    expect(annotation.found?.has('IPV6_BLOCK') ?? true).toBe(true)
  })
})

describe('exit codes', () => {
  test.each<{name: string; args: string[]; exit: number}>([
    {name: 'errors fail by default', args: ['-f', policies], exit: 1},
    {name: 'never is never', args: ['-f', policies, '--fail-on', 'never'], exit: 0},
    {name: 'what is only to know does not fail', args: ['-f', clean], exit: 0},
    {name: 'what is only to know fails if asked for', args: ['-f', clean, '--fail-on', 'info'], exit: 1},
    {name: 'a clean policy passes --fail-on warning', args: ['-f', clean, '--fail-on', 'warning'], exit: 0},
    {name: 'policies of the cluster alone', args: ['--from', fixture('real-npm/clinic-fnv'), '--fail-on', 'never'], exit: 0},
    {name: 'no policy is no answer', args: ['-f', cluster], exit: 2},
    {name: 'nothing to look at is no answer', args: [], exit: 2},
    {name: 'no such file', args: ['-f', '/nowhere/policy.yaml'], exit: 2},
    {
      name: 'half a file is no answer, whatever the rest says',
      args: ['-f', fixture('lint/broken.yaml'), '--fail-on', 'never'],
      exit: 2,
    },
    {name: 'standard input twice', args: ['-f', '-', '--around', '-'], exit: 2},
    {name: 'a node that nothing is of', args: ['-f', clean, '--around', cluster, '--node', 'aks-9'], exit: 2},
  ])('$name: $exit', async ({args, exit}) => {
    const {exitCode, stderr} = await lint(...args)
    expect({exitCode, stderr}).toMatchObject({exitCode: exit})
    if (exit === 2) expect(stderr).toMatch(/^(?:error|warning): /)
    expect(stderr).not.toContain('fault of kubectl npm itself')
  })

  test('a warning alone passes by default, and fails if asked for', async () => {
    const given = (failOn: string) =>
      runCli(['lint', '-f', '-', '--fail-on', failOn], {
        stdin: '{"kind": "NetworkPolicy", "metadata": {"name": "p"}, "spec": {"policyTypes": ["Egress"]}}',
      })
    expect((await given('error')).exitCode).toBe(0)
    const failed = await given('warning')
    expect(failed.exitCode).toBe(1)
    expect(failed.stdout).toContain('NO_DNS spec.egress  stdin:1')
  })
})

describe('what is around the policies', () => {
  test('nobody hears of Windows but who has Windows nodes, or asks for it', async () => {
    const hns = [fixture('hns/networks.json'), fixture('hns/endpoints.json')].flatMap(path => ['--around', path])
    const [alone, within, asked, node, read] = await Promise.all([
      json('-f', policies),
      json('-f', policies, '--around', cluster),
      json('-f', policies, '--around', cluster, '--platform', 'windows'),
      json('-f', policies, '--around', fixture('hns/cluster.json')),
      json('-f', policies, ...hns),
    ])
    expect(alone.platforms).toEqual(['linux'])
    expect(codes(alone)).not.toContain('WINDOWS_NAMED_PORT')
    expect(node.platforms).toEqual(['linux', 'windows'])
    expect(codes(node)).toContain('WINDOWS_NAMED_PORT')
    expect(read.platforms).toEqual(['windows'])
    expect(within.platforms).toEqual(['linux'])
    expect(codes(within)).not.toContain('WINDOWS_NAMED_PORT')
    expect(codes(asked)).toContain('WINDOWS_NAMED_PORT')
  })

  test('objects beside the policies are around them', async () => {
    expect(codes(await json('-f', policies))).not.toContain('SELECTS_NO_POD')
    expect(codes(await json('-f', policies, '-f', cluster))).toContain('SELECTS_NO_POD')
  })

  test('findings know file and line', async () => {
    const {findings} = await json('-f', policies)
    const place = (code: string) => findings.find(each => each.code === code)
    expect(place('IPV6_BLOCK')).toMatchObject({file: fixture('lint/policies/web.yaml').replace(fixture(''), ''), line: 17})
    expect(place('NAMESPACE_NOT_IN')).toMatchObject({line: 18})
  })
})

describe('documents', () => {
  test.each([
    ['-f', policies],
    ['-f', policies, '--around', cluster],
    ['--around', fixture('real-npm/clinic-fnv')],
  ])('JSON of %j %j keeps its contract, and YAML says the same', async (...args) => {
    const [asJson, asYaml] = await Promise.all([lint(...args, '-o', 'json'), lint(...args, '-o', 'yaml')])
    const document = JSON.parse(asJson.stdout)
    // Parsing leaves out what the schema does not name, so the comparison finds that too.
    expect(lintSchema.strict().parse(document)).toEqual(document)
    expect(parse(asYaml.stdout)).toEqual(document)
    const {counts, findings} = lintSchema.parse(document)
    expect(counts.error + counts.warning + counts.info).toBe(findings.length)
  })

  test('SARIF has what the standard requires, a rule for each code and the rule of each result', async () => {
    const near = (path: string) => relative(process.cwd(), fixture(path))
    const {stdout, exitCode} = await lint('-f', near('lint/policies'), '-f', near('lint/broken.yaml'), '-o', 'sarif')
    expect(exitCode).toBe(2)
    const {runs} = sarifShape.parse(JSON.parse(stdout))
    const [run] = runs
    const rules = run?.tool.driver.rules ?? []
    expect(rules.map(({id}) => id)).toEqual(lintCodes)
    expect(run?.results.length).toBeGreaterThan(5)
    for (const {ruleId, ruleIndex, locations} of run?.results ?? []) {
      expect(rules[ruleIndex]?.id).toBe(ruleId)
      expect(locations[0]?.physicalLocation?.region?.startLine).toBeGreaterThan(0)
    }
    const prints = run?.results.map(each => JSON.stringify(each.partialFingerprints)) ?? []
    expect(new Set(prints).size).toBe(prints.length)
    expect(run?.invocations[0]?.toolExecutionNotifications.map(({descriptor}) => descriptor.id)).toContain('BAD_YAML')
  })

  test.each([
    {file: '/with blanks/a#b.yaml', uri: 'file:///with%20blanks/a%23b.yaml'},
    {file: 'with blanks/a:b.yaml', uri: 'with%20blanks/a%3Ab.yaml'},
    {file: 'stdin', uri: 'stdin'},
  ])('SARIF gives the file $file as $uri', async ({file, uri}) => {
    const answer = {...(await json('-f', clean)), problems: []}
    const log = sarifShape.parse(sarifLog({...answer, findings: answer.findings.map(each => ({...each, file}))}, '1.2.3'))
    expect(log.runs[0]?.results[0]?.locations[0]?.physicalLocation?.artifactLocation.uri).toBe(uri)
  })

  test('SARIF of a cluster has no files, and still says where', async () => {
    const {stdout} = await lint('--around', fixture('real-npm/clinic-fnv'), '-o', 'sarif')
    const {runs} = sarifShape.parse(JSON.parse(stdout))
    expect(runs[0]?.results[0]?.locations[0]?.logicalLocations?.[0]?.fullyQualifiedName).toMatch(/^[^/]+\/[^/]+\/spec/)
  })

  test('docs/lint.md says of each code what the code says (vitest --update writes it)', async () => {
    const file = new URL('../../../docs/lint.md', import.meta.url)
    await expect(withCodeReference(readFileSync(file, 'utf8'))).toMatchFileSnapshot(file.pathname)
  })
})

describe('lint beside a live cluster', () => {
  const named = (name: string, labels: object) => ({metadata: {name, labels: {'kubernetes.io/metadata.name': name, ...labels}}})
  const lists: Readonly<Record<string, readonly object[]>> = {
    '/api/v1/namespaces': [named('shop', {team: 'shop'})],
    '/api/v1/nodes': [named('n1', {'kubernetes.io/os': 'linux'})],
    '/api/v1/pods': ['web', 'db'].map((app, at) => ({
      metadata: {name: app, namespace: 'shop', labels: {app}},
      spec: {nodeName: 'n1'},
      status: {phase: 'Running', podIP: `10.1.0.${at + 1}`},
    })),
    '/apis/networking.k8s.io/v1/networkpolicies': [],
  }
  const policies = `
# Source: shop/templates/service.yaml
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
---
# Source: shop/templates/empty.yaml
---
apiVersion: v1
kind: List
items:
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata: {name: web, namespace: shop}
  spec:
    podSelector: {matchLabels: {app: web}}
    ingress: [{from: [{namespaceSelector: {matchLabels: {team: nobody}}}]}]
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata: {name: gone, namespace: shop}
  spec: {podSelector: {matchLabels: {app: gone}}}
`
  const start = (refused?: string) =>
    startFakeApiServer({
      agents: {},
      answer: (_, path, url) => {
        if (path === refused) return refusal(403, 'Forbidden', 'pods is forbidden')
        const items = lists[path]
        if (!items) return undefined
        // One object an answer.
        const at = Number(new URL(url, 'http://api').searchParams.get('continue') ?? 0)
        const next = at + 1 < items.length ? {continue: String(at + 1)} : {}
        return {body: {kind: 'List', metadata: next, items: items.slice(at, at + 1)}}
      },
    })

  test.each([['--with-cluster'], ['--kubeconfig']])('%s knows its pods and labels, without an agent', async flag => {
    await using api = await start()
    const {KUBECONFIG, ...env} = api.env
    const asked = flag === '--kubeconfig' ? ['--kubeconfig', KUBECONFIG] : [flag]
    const {stdout, stderr} = await runCli(['lint', '-', ...asked], {stdin: policies, env: {...env, KUBECONFIG}})
    expect(stderr).toBe('')
    expect(stdout).toMatch(/SELECTS_NO_POD/)
    expect(stdout).toMatch(/PEER_SELECTS_NOTHING/)
    expect(stdout).not.toMatch(/NO_NAMESPACE/)
  })

  test('no cluster is asked unless somebody says so', async () => {
    await using api = await start()
    const {stdout, exitCode} = await runCli(['lint', '-'], {stdin: policies, env: api.env})
    expect(stdout).toContain('2 policies for Azure NPM on Linux')
    expect(api.requests).toEqual([])
    expect(exitCode).toBe(0)
  })

  test('a refusal of the API server is no clean answer', async () => {
    await using api = await start('/api/v1/pods')
    const {stderr, exitCode} = await runCli(['lint', '-', '--with-cluster'], {stdin: policies, env: api.env})
    expect(stderr).toMatch(/pods/)
    expect(exitCode).toBe(2)
  })

  test('a dump and a cluster are not given together', async () => {
    const {stderr, exitCode} = await runCli(['lint', '-', '--with-cluster', '--around', fixture('two-nodes')], {stdin: policies})
    expect(stderr).toContain('Give one of them.')
    expect(exitCode).toBe(2)
  })
})
