import {readdirSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {fixture, runCli, screen} from '../../support/plugin/run-cli.ts'

/**
 * What a person reads for real dumps, kept as files. When one changes, read the difference as that person would before
 * taking it over with `vitest -u`.
 */
const dumps = [
  ...readdirSync(fixture('captures'))
    .filter(name => !name.includes('.'))
    .map(name => `captures/${name}`),
  ...readdirSync(fixture('real-npm'))
    .filter(name => !name.includes('.'))
    .map(name => `real-npm/${name}`),
]
const golden = (name: string) => `../../golden/${name.replaceAll('/', '-')}.txt`

describe('translate', () => {
  test.each(dumps)('%s reads as it did', async dump => {
    await expect(screen(await runCli(['translate', '--from', fixture(dump), '-o', 'wide']))).toMatchFileSnapshot(
      golden(`${dump}-wide`),
    )
  })

  test.each(['captures/v2-base36-nft', 'captures/v2-decimal-legacy', 'captures/v1-nft', 'captures/mixed-nft'])(
    '%s reads as it did from the rules alone',
    async dump => {
      const result = await runCli(['translate', '--from', fixture(`${dump}/iptables-save.txt`)])
      await expect(screen(result)).toMatchFileSnapshot(golden(`${dump}-rules-only`))
    },
  )

  test.each(['captures/v2-base36-nft', 'captures/v1-legacy'])('%s has the same rules as readable save', async dump => {
    const result = await runCli(['translate', '--from', fixture(dump), '-o', 'iptables'])
    await expect(screen(result)).toMatchFileSnapshot(golden(`${dump}-iptables`))
  })

  test('yaml holds what json holds', async () => {
    await expect(
      screen(await runCli(['translate', '--from', fixture('captures/v2-base36-nft'), '-o', 'yaml'])),
    ).toMatchFileSnapshot(golden('captures/v2-base36-nft-yaml'))
  })
})

test.each([
  {name: 'translate-two-nodes', args: ['translate', fixture('two-nodes'), '--policy', 'oven']},
  {name: 'diff-two-nodes', args: ['diff', fixture('two-nodes')]},
  {name: 'sets-two-nodes', args: ['sets', 'app=oven', 'app=ovn', '--from', fixture('two-nodes')]},
  {name: 'sets-member', args: ['sets', '--member', 'bakery/oven-1,8080', '--from', fixture('two-nodes')]},
  {
    name: 'resolve-two-nodes',
    args: ['resolve', 'AZURE-NPM-INGRESS', '8gp9s7ca2i', '784554818', '10.60.1.10', '3486147191', '--from', fixture('two-nodes')],
  },
])('$name: every node of a dump is answered for', async ({name, args}) => {
  await expect(screen(await runCli(args))).toMatchFileSnapshot(golden(name))
})

describe('sets', () => {
  test.each(['captures/v2-base36-nft', 'captures/v1-nft', 'real-npm/clinic-fnv'])('%s lists as it did', async dump => {
    await expect(screen(await runCli(['sets', '--from', fixture(dump), '-o', 'wide']))).toMatchFileSnapshot(
      golden(`${dump}-sets`),
    )
  })

  test('single sets show members, pods and the sets in a list', async () => {
    const names = [
      'app=oven',
      'nestedlabel-bakery/line:line:rye:wheat',
      'cidr-ledger-in-ns-books:in-ns:bakery-0-0IN',
      'namedport:ui',
    ]
    const result = await runCli(['sets', ...names, '--from', fixture('captures/v2-base36-nft')])
    await expect(screen(result)).toMatchFileSnapshot(golden('sets-named'))
  })
})

describe('describe', () => {
  test.each([
    {name: 'pod', args: ['bakery/oven-0', '--from', fixture('two-nodes')]},
    {name: 'address', args: ['10.60.0.14', '--from', fixture('captures/v2-decimal-legacy')]},
    {name: 'address-rules-only', args: ['10.60.0.10', '--from', fixture('captures/v2-base36-nft/iptables-save.txt')]},
    {name: 'host-pod', args: ['inspector-0', '--from', fixture('two-nodes')]},
    {name: 'foretold', args: ['deploy/coredns', '-n', 'kube-system', '--from', fixture('two-nodes/cluster.yaml')]},
    {name: 'policy', args: ['bakery/oven', '--from', fixture('two-nodes')]},
    {name: 'several', args: ['app=oven', 'ns/bakery', 'node/aks-oven-1', '--from', fixture('two-nodes')]},
    {name: 'windows', args: ['shop/web-1', '--from', fixture('hns')]},
    {name: 'unknown', args: ['bakery/ovn-0', '--from', fixture('two-nodes')]},
  ])('$name reads as it did', async ({name, args}) => {
    await expect(screen(await runCli(['describe', ...args]))).toMatchFileSnapshot(golden(`describe-${name}`))
  })
})

describe('metrics', () => {
  test.each(['real-npm/clinic-fnv', 'captures/empty-nft', 'drifted'])('%s reads as it did', async dump => {
    await expect(screen(await runCli(['metrics', '--from', fixture(dump)]))).toMatchFileSnapshot(golden(`${dump}-metrics`))
  })

  test('all of a node reads as it did', async () => {
    const result = await runCli(['metrics', '--from', fixture('real-npm/school-changed'), '--no-ipset-counts', '-o', 'wide'])
    await expect(screen(result)).toMatchFileSnapshot(golden('metrics-wide'))
  })

  test('the exposition reads as it did', async () => {
    const result = await runCli(['metrics', '--from', fixture('real-npm/freight-legacy'), '-o', 'prometheus'])
    await expect(screen(result)).toMatchFileSnapshot(golden('metrics-prometheus'))
  })
})

describe('policies', () => {
  test('of a Windows node read as they did', async () => {
    const result = await runCli(['policies', '--from', fixture('hns'), '-n', 'shop', '-o', 'wide'])
    await expect(screen(result)).toMatchFileSnapshot(golden('policies-windows'))
  })
})

describe('trace', () => {
  const dump = (name: string) => ['--from', fixture(name)]
  test.each<{name: string; args: string[]}>([
    {name: 'allowed', args: ['storefront/till-0', 'bakery/oven-0', '--port', '8080', ...dump('captures/v2-base36-nft')]},
    {name: 'dropped', args: ['external', 'bakery/oven-0', '--port', 'ui', ...dump('captures/v2-decimal-legacy')]},
    {name: 'service', args: ['storefront/till-0', '10.0.0.77', '--port', '80', ...dump('captures/v2-base36-nft')]},
    {name: 'v1', args: ['storefront/till-0', 'bakery/oven-0', '--port', '8080', ...dump('captures/v1-nft')]},
    {name: 'policies-only', args: ['lab/taster-0', 'bakery/oven-0', '--port', '8080', ...dump('captures/v1-nft/cluster.yaml')]},
    {
      name: 'rules-only',
      args: ['10.60.0.20', '10.60.0.10', '--port', '8080', ...dump('captures/v2-base36-nft/iptables-save.txt')],
    },
    {
      name: 'fault-of-npm',
      // The folder has the same program in both back ends, each of which was measured by itself.
      args: [
        'monitoring/prom-0',
        'payments/pay-0',
        '--port',
        '8080',
        ...['iptables-nft-save.txt', 'ipset-save.txt', 'cluster.json'].flatMap(file => dump(`measured/base36/${file}`)),
      ],
    },
    {name: 'two-nodes', args: ['storefront/till-0', 'bakery/oven-1', '--port', '8080', ...dump('two-nodes')]},
    {name: 'own-node', args: ['bakery/oven-0', '10.40.0.4', '--port', '10250', ...dump('captures/v2-base36-nft')]},
    {name: 'other-node', args: ['bakery/oven-0', '10.40.0.5', '--port', '10250', ...dump('two-nodes'), '--node', 'aks-oven-0']},
    {name: 'node-port', args: ['external', '10.224.0.4', '--port', '30080', ...dump('ways')]},
    {name: 'service-on-two-nodes', args: ['farm/barn-0', '10.0.12.34', '--port', '80', ...dump('ways')]},
    {name: 'untracked', args: ['market/stall-0', 'farm/dairy-0', '--port', '53', '--protocol', 'udp', ...dump('ways')]},
    {name: 'both-back-ends', args: ['market/stall-0', 'farm/barn-0', '--port', '9000', ...dump('ways')]},
    {name: 'from-the-node', args: ['10.224.0.4', 'farm/dairy-0', '--port', '8080', ...dump('ways')]},
    {name: 'to-the-node', args: ['market/stall-0', '10.224.0.4', '--port', '10255', ...dump('ways')]},
    {name: 'drifted', args: ['shop/api-0', 'shop/db-0', '--port', '5432', ...dump('drifted')]},
    {name: 'port-too-little', args: ['harbour/tower-0', 'harbour/crane-0', '--port', '7001', ...dump('trace/harbour.json')]},
    {name: 'peer-too-little', args: ['ferry/deck-0', 'harbour/crane-0', '--port', 'lift', ...dump('trace/harbour.json')]},
    {name: 'sidecar', args: ['ferry/deck-0', 'harbour/tower-0', '--port', 'stats', ...dump('trace/harbour.json')]},
    {name: 'shared-by-name', args: ['ferry/deck-0', 'ferry/lost-0', '--port', '80', ...dump('trace/harbour.json')]},
    {name: 'itself', args: ['harbour/tower-0', 'harbour/tower-0', '--port', '80', ...dump('trace/harbour.json')]},
    {name: 'its-node', args: ['10.8.0.4', 'harbour/crane-0', '--port', '7000', ...dump('trace/harbour.json')]},
    {name: 'shared-address', args: ['harbour/tower-0', '10.7.0.10', '--port', '80', ...dump('trace/harbour.json')]},
    {name: 'one-address-to-the-other', args: ['ferry/lost-0', 'harbour/crane-0', '--port', '80', ...dump('trace/harbour.json')]},
    {name: 'without-policies', args: ['ferry/deck-0', 'harbour/crane-0', '--port', '80', ...dump('trace/pods-alone.json')]},
    {name: 'without-label', args: ['harbour/tower-0', 'ferry/deck-0', '--port', '80', ...dump('trace/without-namespaces.json')]},
    {name: 'of-one-namespace', args: ['10.7.0.12', 'harbour/crane-0', '--port', '80', ...dump('trace/harbour-alone.json')]},
  ])('$name', async ({name, args}) => {
    await expect(screen(await runCli(['trace', ...args]))).toMatchFileSnapshot(golden(`trace-${name}`))
  })
})

describe('matrix', () => {
  test.each(['table', 'csv', 'markdown'])('as %s', async output => {
    const result = await runCli(['matrix', '--ports', '8080,53/udp', '--from', fixture('captures/v2-base36-nft'), '-o', output])
    await expect(screen(result)).toMatchFileSnapshot(golden(`matrix-${output}`))
  })

  test('what a policy would change', async () => {
    const cluster = fixture('captures/v2-base36-nft/cluster.yaml')
    const result = await runCli(['matrix', '--ports', '9000', '--from', cluster, '--diff', fixture('policies/open-mixer.yaml')])
    await expect(screen(result)).toMatchFileSnapshot(golden('matrix-diff'))
  })

  test('of a dump of two nodes judges each packet by the nodes of both ends', async () => {
    const result = await runCli(['matrix', '--ports', '8080,9102', '--from', fixture('two-nodes')])
    await expect(screen(result)).toMatchFileSnapshot(golden('matrix-two-nodes'))
    const ofOne = await runCli([
      'matrix',
      '--ports',
      '8080,9102',
      '--from',
      fixture('two-nodes'),
      '--node',
      'aks-oven-0',
      '--wrong',
    ])
    // Of the two nodes only the receiver's lacks it.
    expect(ofOne.stdout).not.toContain('bakery/oven-1')
    expect(result.stdout).toMatch(/^storefront\/till-1 .*-!/m)
  })
})

describe('diff', () => {
  test.each(['captures/mixed-nft', 'captures/empty-nft', 'real-npm/school-changed', 'real-npm/garden-oldmarks', 'drifted'])(
    'of %s',
    async dump => {
      await expect(screen(await runCli(['diff', '--from', fixture(dump)]))).toMatchFileSnapshot(golden(`diff-${dump}`))
    },
  )
})

describe('verify', () => {
  test.each([
    ['proven', 'real-npm/shop-sha256'],
    ['two-nodes', 'two-nodes'],
    ['v1', 'captures/v1-nft'],
    ['empty', 'captures/empty-nft'],
    ['drifted', 'drifted'],
  ])('of %s', async (name, dump) => {
    await expect(screen(await runCli(['verify', '--from', fixture(dump)]))).toMatchFileSnapshot(golden(`verify-${name}`))
  })

  test('against the program of Azure NPM, whose faults count for nothing', async () => {
    const result = await runCli(['verify', '--from', fixture('two-nodes'), '--against', 'program'])
    await expect(screen(result)).toMatchFileSnapshot(golden('verify-program'))
  })
})

describe('flows denied', () => {
  const dump = fixture('captures/v2-base36-nft')
  const connections = fixture('flows/conntrack.txt')
  test.each([
    ['some', ['--from', dump, '--from', connections]],
    ['wide', ['--from', dump, '--from', connections, '-o', 'wide']],
    ['without-connections', ['--from', dump]],
  ])('%s', async (name, args) => {
    await expect(screen(await runCli(['flows', 'denied', ...args]))).toMatchFileSnapshot(golden(`flows-${name}`))
  })
})

describe('usage', () => {
  test.each([
    [[]],
    [['translate']],
    [['sets']],
    [['resolve']],
    [['describe']],
    [['trace']],
    [['matrix']],
    [['metrics']],
    [['policies']],
    [['top']],
    [['diff']],
    [['verify']],
    [['dump']],
    [['status']],
    [['apply']],
    [['rollback']],
    [['confirm']],
    [['flows']],
    [['completion']],
  ])('help of %j reads as it did', async verb => {
    const result = await runCli([...verb, '--help'])
    const text = screen({...result, stdout: result.stdout.replace(/kubectl-npm\/\S+ .*/, 'kubectl-npm/VERSION')})
    await expect(text).toMatchFileSnapshot(golden(`help-${verb.join('-') || 'all'}`))
  })

  test('flags that verbs share read as they did', async () => {
    await expect(screen(await runCli(['options']))).toMatchFileSnapshot(golden('help-options'))
  })
})
