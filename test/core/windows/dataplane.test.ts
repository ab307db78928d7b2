import {fc, test} from '@fast-check/vitest'
import {describe, expect, test as plainTest} from 'vitest'
import {readDump} from '../../../core/dump/read-dump.ts'
import {objectKey} from '../../../core/kubernetes/objects.ts'
import {probeNodes} from '../../../core/matrix/probe-nodes.ts'
import {Evaluator} from '../../../core/policy/evaluate.ts'
import {tracePacket} from '../../../core/trace/trace-packet.ts'
import {translateNode} from '../../../core/translate/translate-node.ts'
import {compile} from '../../../core/windows/compile/compile.ts'
import {windows} from '../../../core/windows/dataplane.ts'
import {cluster, packetsOf} from '../../support/arbitrary-cluster.ts'
import {hnsCluster} from '../../support/windows/hns-cluster.ts'
import {hnsText, openedNode} from '../../support/windows/hns-dump.ts'
import {endpointOf, networkOf} from '../../support/windows/hns-node.ts'

const both = {'networks.json': hnsText('networks.json'), 'endpoints.json': hnsText('endpoints.json')}
const all = {...both, 'cluster.json': hnsText('cluster.json')}
const tcp = (source: string, destination: string, port = '5432') => ({source, destination, protocol: 'tcp', port}) as const

describe('a Windows node that was read', () => {
  plainTest('is of the data plane of Windows, whole, and has the name of the node of its pods', async () => {
    const node = await openedNode(all)
    expect(node.dataPlane.name).toBe('windows')
    expect(node.node).toBe('akswin000000')
    expect(node.completeness).toMatchObject({rules: 'whole', sets: 'whole', members: 'whole'})
    expect(node.sets?.size).toBe(29)
    expect(node.problems).toEqual([])
  })

  plainTest('its policies are folded from all endpoints, in the sentences of Linux', async () => {
    const translated = translateNode(await openedNode(both))
    const {facts} = translated
    expect(facts).toMatchObject({backend: 'hns', generation: 'v2', nameScheme: 'sha256', active: true, jump: null, problems: []})
    expect(facts.unresolved).toEqual([])
    const said = [...translated.policies()].map(({policy, direction, chain, subject, rules}) => ({
      policy: `${policy} ${direction}`,
      chain,
      subject,
      rules: rules.map(({text}) => text),
    }))
    expect(said).toEqual([
      {
        policy: 'shop/cidrs Ingress',
        chain: 'azure-acl-shop-cidrs',
        subject: '10.240.0.11',
        rules: [
          'allow tcp/443 from 203.0.113.0/24',
          'allow everything from pods app=api in namespace shop',
          'allow everything from 198.51.100.7/32',
          'drop everything else, unless another policy allows it',
          'allow everything from the node itself (10.240.0.4)',
        ],
      },
      {
        policy: 'shop/cidrs Egress',
        chain: 'azure-acl-shop-cidrs',
        subject: '10.240.0.11',
        rules: ['allow tcp/443 to 0.0.0.0/0', 'drop everything else, unless another policy allows it'],
      },
      {
        policy: 'shop/out Egress',
        chain: 'azure-acl-shop-out',
        subject: '10.240.0.12, 10.240.0.13',
        rules: [
          'allow tcp/9100 to all pods in namespaces env=prod,team=green',
          'allow tcp/9100 to pods app=db,tier=back in namespace shop',
          'allow everything to all pods in namespaces team=blue',
          'drop everything else, unless another policy allows it',
          'allow everything from the node itself (10.240.0.4)',
        ],
      },
      {
        policy: 'shop/api-to-db Ingress',
        chain: 'azure-acl-shop-api-to-db',
        subject: '10.240.0.13',
        rules: [
          'allow tcp/5432 from pods app=api in namespace shop',
          'drop everything else, unless another policy allows it',
          'allow everything from the node itself (10.240.0.4)',
        ],
      },
    ])
    expect(facts.baseChains.map(({rules}) => rules.map(({text}) => text))).toEqual([
      [
        'out: allow tcp/80 to 168.63.129.16/32'.replace('allow', 'drop'),
        'in: allow everything from anywhere',
        'out: allow everything to anywhere',
        'in: allow everything from anywhere if also it is of the host firewall',
        'out: allow everything to anywhere if also it is of the host firewall',
      ],
    ])
  })

  plainTest.each([
    ['the shape of Get-HnsEndpoint', {'a.json': hnsText('networks-v1.json'), 'b.json': hnsText('endpoints-v1.json')}],
    ['one text with all objects', {'hns.txt': `${hnsText('networks.json')}\n${hnsText('endpoints.json')}`}],
    ['objects one behind the other, without a list', {'hns.txt': oneByOne()}],
    [
      'the list that PowerShell 5.1 wraps',
      {'a.json': both['networks.json'], 'b.json': JSON.stringify({value: endpoints(), Count: 4})},
    ],
  ])('%s is read alike', async (_, texts) => {
    const [wanted, found] = [await openedNode(both), await openedNode(texts)]
    const said = (node: typeof found) => [...node.translation().policies()].map(({rules}) => rules.map(({text}) => text))
    expect(said(found)).toEqual(said(wanted))
    expect([...(found.sets?.keys() ?? [])]).toEqual([...(wanted.sets?.keys() ?? [])])
  })

  plainTest('sets without a name are named by objects of the cluster', async () => {
    const nameless = both['networks.json'].replaceAll(/"Name": "(?:ns|nslabel|podlabel|cidr|empty)-[^"]*",/g, '')
    const bare = await openedNode({...both, 'networks.json': nameless})
    expect(bare.translation().facts.unresolved).toHaveLength(29)
    const told = await openedNode({...all, 'networks.json': nameless})
    const named = [...told.translation().sets()].filter(({name}) => name !== 'unknown')
    // Blocks are named by their policies, which are not among the objects.
    expect(named).toHaveLength(26)
    expect(named.find(({name}) => name === 'podlabel-app:api')).toMatchObject({ipsetType: 'IPSET', evidence: ['cluster', 'hash']})
  })

  plainTest('a name that does not hash to its id is not used', async () => {
    const wrong = both['networks.json'].replace('"Name": "podlabel-app:api"', '"Name": "podlabel-app:web2"')
    const {facts} = translateNode(await openedNode({...both, 'networks.json': wrong}))
    expect(facts.problems.map(({code}) => code)).toContain('NAME_MISMATCH')
  })

  plainTest('what is wrong with its sets is told', async () => {
    const acl = {Id: 'azure-acl-shop-p', Action: 'Allow', Direction: 'In', Priority: 222}
    const network = networkOf([
      {Id: 'azure-npm-1639206293', Name: 'nslabel-all-namespaces', PolicyType: 'NESTEDIPSET', Values: ''},
      {Id: 'azure-npm-2364833533', Name: 'ns-shop', PolicyType: 'IPSET', Values: '10.0.0.1'},
    ])
    const endpoint = endpointOf('10.0.0.1', [
      {...acl, LocalAddresses: 'azure-npm-1639206293'},
      {...acl, LocalAddresses: 'azure-npm-504389988'},
      {...acl, Id: 'azure-acl-bank-p'},
    ])
    const {facts} = translateNode(await openedNode({'a.json': JSON.stringify([network]), 'b.json': JSON.stringify([endpoint])}))
    expect(facts.problems.map(({code, message}) => `${code} ${message}`)).toEqual([
      expect.stringContaining('UNRESOLVED_NAME ACLs azure-acl-bank-p stand at a pod of another namespace'),
      expect.stringContaining('MISSING_SET ACL azure-acl-shop-p of endpoint end-10.0.0.1 names set azure-npm-504389988'),
      expect.stringContaining('BAD_MEMBER the list nslabel-all-namespaces has no members'),
      expect.stringContaining('UNRESOLVED_NAME nothing tells the names of 1 sets'),
    ])
  })
})

function endpoints(): unknown[] {
  return (JSON.parse(hnsText('endpoints.json')) as {endpoints: unknown[]}).endpoints.slice(0, 4)
}

function oneByOne(): string {
  return [...(JSON.parse(hnsText('networks.json')) as unknown[]), ...endpoints()]
    .map(each => JSON.stringify(each, null, 2))
    .join('\n')
}

describe('documents that do not hold what is needed', () => {
  plainTest('load balancers, which Get-HnsPolicyList prints, are named as such', async () => {
    const node = await openedNode({'lists.json': JSON.stringify([{ID: '1', References: ['/endpoints/2'], Policies: []}])})
    expect(node.problems).toEqual([
      expect.objectContaining({message: expect.stringContaining('as Get-HnsPolicyList prints them')}),
    ])
    expect(node.completeness).toMatchObject({rules: 'absent', sets: 'absent'})
  })

  plainTest('endpoints alone: their sets are not known, and what rests on them is not', async () => {
    const node = await openedNode({'endpoints.json': all['endpoints.json'], 'cluster.json': all['cluster.json']})
    const trace = tracePacket([node], tcp('shop/api-1', 'shop/db-1'), [])
    expect(trace).toMatchObject({
      verdict: 'unknown',
      incomplete: expect.arrayContaining([expect.objectContaining({part: 'sets', state: 'absent'})]),
    })
  })

  plainTest('a list that is cut off: an endpoint that is not there may have followed', async () => {
    const [first, second] = endpoints() as [object, object]
    const text = `${JSON.stringify(first)}\n${JSON.stringify(second).slice(0, 300)}`
    const node = await openedNode({...all, 'endpoints.json': text})
    expect(node.completeness.rules).toBe('cut')
    expect(node.walk({source: '203.0.113.9', destination: '10.240.0.13', protocol: 'tcp', port: 80}).verdict).toBe('unknown')
    expect(node.walk({source: '203.0.113.9', destination: '10.240.0.11', protocol: 'tcp', port: 80}).verdict).toBe('drop')
  })

  plainTest('an endpoint in two states: the first counts, and it is told', async () => {
    const changed = hnsText('endpoints.json').replaceAll('"LocalPorts": "5432"', '"LocalPorts": "5433"')
    const node = await openedNode({...both, 'later.json': changed})
    expect(node.problems.map(({code}) => code)).toEqual(['AMBIGUOUS_FILES'])
    expect(node.walk({source: '10.240.0.12', destination: '10.240.0.13', protocol: 'tcp', port: 5432}).verdict).toBe('accept')
  })
})

describe('verbs', () => {
  plainTest('trace names the ACL, its endpoint and the policies, and what HNS asks it of', async () => {
    const trace = tracePacket([await openedNode(all)], tcp('shop/api-1', 'shop/db-1'), [])
    expect(trace.verdict).toBe('accept')
    expect(trace.ingress).toMatchObject({verdict: 'accept', policy: 'shop/api-to-db', selecting: ['shop/api-to-db']})
    expect(trace.egress).toMatchObject({verdict: 'accept', policy: 'shop/out', selecting: ['shop/out']})
    expect(trace.because).toContain(
      'ACL azure-acl-shop-api-to-db (priority 222) of endpoint 3f0c9a13-eth0 on node akswin000000 accepts it',
    )
    expect(trace.because).toContain('first packet of a connection')
    expect(trace.trail.at(-1)).toMatchObject({
      where: {endpoint: '3f0c9a13-eth0', acl: 'azure-acl-shop-api-to-db', priority: 222},
      decides: true,
    })
  })

  plainTest('trace says which side nobody judges, and why', async () => {
    const trace = tracePacket([await openedNode(all)], tcp('ops/mon-1', 'default/cli-1', '80'), [])
    expect(trace.egress).toEqual({verdict: 'not-judged', because: 'no policy on the node selects it'})
    expect(trace.ingress).toEqual({verdict: 'not-judged', because: 'it has no endpoint on this node'})
  })

  plainTest('a verdict that rests on what is not documented has a warning', async () => {
    const node = await openedNode({
      'a.json': JSON.stringify([endpointOf('10.0.0.1', [{Action: 'Allow', Direction: 'Out', Priority: 1}])]),
    })
    const trace = tracePacket([node], tcp('10.0.0.9', '10.0.0.1', '80'), [])
    expect(trace.verdict).toBe('drop')
    expect(trace.problems.map(({code}) => code)).toContain('UNSURE_VERDICT')
  })

  plainTest('matrix has the pods of the node only: others are judged elsewhere', async () => {
    const node = await openedNode(all)
    const {document, ends} = probeNodes([node], {ports: [{protocol: 'tcp', port: 5432}]})
    expect(ends).toEqual(['ops/mon-1', 'shop/api-1', 'shop/db-1', 'shop/web-1', 'external'])
    expect(document.problems.map(({message}) => message)).toEqual([expect.stringContaining('2 pods of other nodes are left out')])
    for (const {source: from, destination: to, verdict} of document.probes) {
      const [source, destination] = [from, to].map(name => (name === 'external' ? '198.51.100.254' : name)) as [string, string]
      expect(verdict).toBe(tracePacket([node], tcp(source, destination), []).verdict)
    }
  })
})

describe('a node as Azure NPM would program it', () => {
  const now = {scheme: 'sha256', semantics: 'npm'} as const

  test.prop([cluster, fc.constantFrom('sha256' as const, 'fnv32a' as const)], {numRuns: 150})(
    'judges each packet as the policies mean it that Windows can express',
    (objects, scheme) => {
      const bad = new Set(compile(objects, {...now, scheme}).refusals.map(({policy}) => policy))
      const expressible = {...objects, policies: objects.policies.filter(policy => !bad.has(objectKey(policy)))}
      const program = compile(expressible, {...now, scheme})
      expect(program.refusals).toEqual([])
      const node = windows.foretell(program, {cluster: expressible})
      const evaluator = new Evaluator(expressible)
      for (const packet of packetsOf(expressible)) {
        if (packet.source === packet.destination) continue
        expect(`${JSON.stringify(packet)} ${node.walk(packet).verdict}`).toBe(
          `${JSON.stringify(packet)} ${evaluator.evaluate(packet).verdict}`,
        )
      }
    },
  )
})

describe('without a node that was read', () => {
  const policy = {
    metadata: {namespace: 'shop', name: 'all-but-web'},
    spec: {
      podSelector: {matchLabels: {app: 'db'}},
      policyTypes: ['Ingress'],
      ingress: [{from: [{ipBlock: {cidr: '10.240.0.0/16', except: ['10.240.0.11/32']}}]}],
    },
  }
  const objects = (nodes: (text: string) => string) =>
    openedNode({
      'cluster.json': nodes(hnsText('cluster.json')),
      'policy.json': JSON.stringify({
        kind: 'List',
        items: [{kind: 'NetworkPolicy', apiVersion: 'networking.k8s.io/v1', ...policy}],
      }),
    })

  plainTest('a pod on a Windows node is foretold by what Windows programs', async () => {
    const onWindows = tracePacket([await objects(text => text)], tcp('shop/web-1', 'shop/db-1', '80'), [])
    expect(onWindows).toMatchObject({verdict: 'drop', foretold: {verdict: 'accept'}})
    expect(onWindows.disagreements).toEqual([
      expect.stringContaining('Azure NPM on Windows and policy shop/all-but-web, spec.ingress[0].from[0].ipBlock.except'),
    ])
    const onLinux = tracePacket(
      [await objects(text => text.replaceAll('"windows"', '"linux"'))],
      tcp('shop/web-1', 'shop/db-1', '80'),
      [],
    )
    expect(onLinux).toMatchObject({verdict: 'drop', foretold: {verdict: 'drop'}, disagreements: []})
  })

  plainTest('the node of each end judges: what one of them denies is denied', async () => {
    const trace = tracePacket(
      [await objects(text => text.replaceAll('"linux"', '"windows"'))],
      tcp('lab/job-1', 'shop/db-1', '80'),
      [],
    )
    expect(trace.foretold?.verdict).toBe('accept')
    const denied = await objects(text => text)
    const mixed = denied.with({
      cluster: {
        ...hnsCluster([{metadata: {namespace: 'lab', name: 'no-egress'}, spec: {podSelector: {}, policyTypes: ['Egress']}}]),
      },
    })
    expect(tracePacket([mixed], tcp('lab/job-1', 'shop/db-1', '80'), []).foretold).toMatchObject({verdict: 'drop'})
  })

  plainTest('the matrix has the pods of one operating system, and says how many it leaves out', async () => {
    const mixed = probeNodes([await objects(text => text)], {})
    expect(mixed.ends).toEqual(['default/cli-1', 'lab/job-1', 'external'])
    expect(mixed.document.problems.map(({message}) => message)).toEqual([
      expect.stringContaining('4 pods of nodes with another operating system'),
    ])
    const windowsOnly = probeNodes([await objects(text => text.replaceAll('"linux"', '"windows"'))], {})
    expect(windowsOnly.ends).toHaveLength(7)
    expect(windowsOnly.document.problems.map(({code}) => code)).toEqual(['POLICY_REFUSED'])
  })
})

plainTest('a dump of both operating systems is one of two nodes', async () => {
  const {nodes} = await readDump([
    {name: 'nodes/win/networks.json', folder: 'nodes/win', text: [hnsText('networks.json')]},
    {name: 'nodes/win/endpoints.json', folder: 'nodes/win', text: [hnsText('endpoints.json')]},
    {name: 'nodes/lin/rules.txt', folder: 'nodes/lin', text: ['*filter\n:FORWARD DROP [0:0]\nCOMMIT\n']},
    {
      name: 'cluster.json',
      folder: '',
      text: [hnsText('cluster.json').replaceAll('akswin000000', 'win').replaceAll('akslinux-1', 'lin')],
    },
  ])
  expect(nodes.map(({node, dataPlane}) => [node, dataPlane.name])).toEqual([
    ['lin', 'linux'],
    ['win', 'windows'],
  ])
  const trace = tracePacket(nodes, tcp('shop/api-1', 'lab/job-1', '22'), [])
  expect(trace.verdict).toBe('drop')
  expect(trace.egress).toMatchObject({verdict: 'accept', policy: 'shop/out'})
  expect(trace.trail.map(({node}) => node)).toEqual(['win', 'lin'])
})
