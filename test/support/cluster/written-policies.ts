import {fc} from '@fast-check/vitest'

/** Policies as people write them into files, good and bad, each with what is special about it. */

type Json = null | boolean | number | string | readonly Json[] | {readonly [key: string]: Json}

export interface WrittenPolicy {
  readonly name: string
  readonly object: Json
}

const base = {apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy'}
const meta = {name: 'p', namespace: 'default'}
const selected = {podSelector: {matchLabels: {app: 'wheel'}}}

const whole = (name: string, object: Record<string, Json>): WrittenPolicy => ({name, object: {...base, ...object}})
const ofMeta = (name: string, metadata: Record<string, Json>) =>
  whole(name, {metadata: {...meta, ...metadata}, spec: {podSelector: {}}})
const ofSpec = (name: string, spec: Record<string, Json>) => whole(name, {metadata: meta, spec: {...selected, ...spec}})
const ofPort = (name: string, port: Json) => ofSpec(name, {ingress: [{ports: [{port: 80}, port]}]})
const ofPeer = (name: string, peer: Json) => ofSpec(name, {egress: [{to: [{podSelector: {}}, peer]}]})
const ofBlock = (cidr: Json, ...except: Json[]) =>
  ofPeer(`block ${JSON.stringify(cidr)} except ${JSON.stringify(except)}`, {
    ipBlock: {cidr, ...(except.length > 0 && {except})},
  })
const ofSelector = (name: string, selector: Json) => ofSpec(name, {podSelector: selector})
const long = (length: number) => 'a'.repeat(length)

export const writtenPolicies: readonly WrittenPolicy[] = [
  whole('no spec', {metadata: meta}),
  whole('spec without a value', {metadata: meta, spec: null}),
  whole('a misspelt spec', {metadata: meta, Spec: {podSelector: {}}}),
  whole('a field beside spec', {metadata: meta, spec: {podSelector: {}}, status: {}}),
  whole('spec is a list', {metadata: meta, spec: []}),
  ofMeta('an underscore in the name', {name: 'allow_web'}),
  ofMeta('a capital in the name', {name: 'Allow'}),
  ofMeta('dots in the name', {name: 'allow.web.v1'}),
  ofMeta('a long name', {name: long(253)}),
  ofMeta('too long a name', {name: long(254)}),
  ofMeta('two dots in the name', {name: 'a..b'}),
  ofMeta('a number as name', {name: 7}),
  ofMeta('no name', {name: null}),
  ofMeta('an empty name', {name: ''}),
  ofMeta('a generated name', {name: null, generateName: 'web-'}),
  ofMeta('a bad generated name', {name: null, generateName: 'web_'}),
  ofMeta('a label', {labels: {'example.com/app': 'web_1.x', empty: ''}}),
  ofMeta('a label without a value', {labels: {app: null}}),
  ofMeta('a truth value as label', {labels: {enabled: true}}),
  ofMeta('a bad key of a label', {labels: {'app@b': 'x'}}),
  ofMeta('a bad value of a label', {labels: {app: 'web server'}}),
  ofMeta('a bad domain of a label', {labels: {'Example.com/app': 'x'}}),
  ofMeta('a bad annotation', {annotations: {'a b': 'x'}}),
  ofMeta('an annotation in capitals', {annotations: {'Example.COM/Note': 'any text, even this!'}}),
  ofMeta('an unknown field of metadata', {label: {app: 'x'}}),
  ofMeta('an owner without uid', {ownerReferences: [{apiVersion: 'v1', kind: 'Pod', name: 'x'}]}),
  ofMeta('a bad finalizer', {finalizers: ['not a name']}),
  ofMeta('a creation time', {creationTimestamp: '2026-01-01T00:00:00Z'}),
  ofMeta('a creation time that is none', {creationTimestamp: 'yesterday'}),
  ofSpec('too little indentation', {ingress: [{from: [{podSelector: null, matchLabels: {app: 'x'}}]}]}),
  ofSpec('matchLabels in the rule', {ingress: [{from: [], matchLabels: {app: 'x'}}]}),
  ofSpec('from beside ingress', {ingress: [], from: []}),
  ofSpec('misspelt ingress', {ingres: [{}]}),
  ofSpec('misspelt matchLabels', {podSelector: {matchLabel: {app: 'x'}}}),
  ofSpec('to in ingress', {ingress: [{to: []}]}),
  ofSpec('a rule without a value', {ingress: [null]}),
  ofSpec('a port without a value', {ingress: [{ports: [null]}]}),
  ofSpec('ingress is a map', {ingress: {from: []}}),
  ofSpec('from is a map', {ingress: [{from: {podSelector: {}}}]}),
  ofSpec('types in small letters', {policyTypes: ['ingress']}),
  ofSpec('a type without a value', {policyTypes: [null]}),
  ofSpec('types as text', {policyTypes: 'Ingress'}),
  ofSpec('a type twice', {policyTypes: ['Ingress', 'Ingress']}),
  ofSpec('three types', {policyTypes: ['Ingress', 'Egress', 'Ingress']}),
  ofSpec('no types', {policyTypes: []}),
  ofPort('port 0', {port: 0}),
  ofPort('a negative port', {port: -1}),
  ofPort('port 65535', {port: 65535}),
  ofPort('port 65536', {port: 65536}),
  ofPort('a port of more than 32 bits', {port: 4294967376}),
  ofPort('half a port', {port: 80.5}),
  ofPort('a truth value as port', {port: true}),
  ofPort('digits as text', {port: '80'}),
  ofPort('a named port', {port: 'http-alt'}),
  ofPort('a named port of 16 letters', {port: long(16)}),
  ofPort('a named port with a capital', {port: 'Http'}),
  ofPort('a named port with two dashes', {port: 'a--b'}),
  ofPort('a named port with a dash at the end', {port: 'a-'}),
  ofPort('an empty named port', {port: ''}),
  ofPort('a range', {port: 80, endPort: 90}),
  ofPort('a range of one', {port: 80, endPort: 80}),
  ofPort('a range backwards', {port: 90, endPort: 80}),
  ofPort('a range to 65536', {port: 80, endPort: 65536}),
  ofPort('a range of a name', {port: 'http', endPort: 90}),
  ofPort('an end without a port', {endPort: 90}),
  ofPort('a range as text', {port: 80, endPort: '90'}),
  ofPort('tcp in small letters', {protocol: 'tcp', port: 80}),
  ofPort('icmp', {protocol: 'ICMP'}),
  ofPort('an empty protocol', {protocol: '', port: 80}),
  ofPort('sctp', {protocol: 'SCTP'}),
  ofPort('a number as protocol', {protocol: 6}),
  ofPort('a port as a number alone', 80),
  ofPort('an unknown field of a port', {port: 80, name: 'http'}),
  ofPeer('an empty peer', {}),
  ofPeer('a peer without a value', null),
  ofPeer('a selector without a value', {podSelector: null}),
  ofPeer('a block and a selector', {ipBlock: {cidr: '10.0.0.0/8'}, podSelector: {}}),
  ofPeer('a block and a selector of namespaces', {ipBlock: {cidr: '10.0.0.0/8'}, namespaceSelector: {}}),
  ofPeer('both selectors', {namespaceSelector: {}, podSelector: {}}),
  ofPeer('a peer with labels', {matchLabels: {app: 'x'}}),
  ofPeer('a block without cidr', {ipBlock: {except: ['10.0.0.0/8']}}),
  ofPeer('a block as text', {ipBlock: '10.0.0.0/8'}),
  ofBlock('10.0.0.0/8'),
  ofBlock('0.0.0.0/0'),
  ofBlock(''),
  ofBlock('10.0.0.0'),
  ofBlock('10.0.0.0/33'),
  ofBlock('10.0.0/8'),
  ofBlock('10.0.0.256/8'),
  ofBlock('10.0.0.1/8'),
  ofBlock('010.0.0.0/8'),
  ofBlock('10.0.0.0/08'),
  ofBlock('10.0.0.0/ 8'),
  ofBlock(' 10.0.0.0/8'),
  ofBlock('10.0.0.0/-8'),
  ofBlock('2001:db8::/32'),
  ofBlock('2001:db8::1/32'),
  ofBlock('2001:0db8::/32'),
  ofBlock('2001:DB8::/32'),
  ofBlock('::ffff:10.0.0.0/104'),
  ofBlock('::/0'),
  ofBlock('1:2:3:4:5:6:7:8/128'),
  ofBlock('1:2:3:4:5:6:7/128'),
  ofBlock('1::2::3/64'),
  ofBlock('fe80::1%eth0/64'),
  ofBlock('10.0.0.0/8', '10.1.0.0/16', '10.2.3.4/32'),
  ofBlock('10.0.0.0/8', '11.0.0.0/16'),
  ofBlock('10.0.0.0/8', '10.0.0.0/8'),
  ofBlock('10.0.0.0/8', '0.0.0.0/0'),
  ofBlock('10.0.0.0/8', 'fd00::/16'),
  ofBlock('10.0.0.0/8', '10.1.0.0'),
  ofBlock('10.0.0.0/8', '10.1.0.1/16'),
  ofBlock('10.0.0.0/8', null),
  ofBlock('::/0', '::ffff:10.0.0.0/104'),
  ofBlock('::ffff:10.0.0.0/104', '10.0.0.0/16'),
  ofBlock('10.0.0.0/8', '::ffff:10.0.0.0/112'),
  ofBlock('bad', 'worse'),
  ofSelector('no selector', null),
  ofSelector('a bad key', {matchLabels: {'app@b': 'wheel'}}),
  ofSelector('a bad value', {matchLabels: {app: '-'}}),
  ofSelector('a value without one', {matchLabels: {app: null}}),
  ofSelector('a number as value', {matchLabels: {app: 1}}),
  ofSelector('In without values', {matchExpressions: [{key: 'app', operator: 'In'}]}),
  ofSelector('In with no values', {matchExpressions: [{key: 'app', operator: 'NotIn', values: []}]}),
  ofSelector('In with a bad value', {matchExpressions: [{key: 'app', operator: 'In', values: ['a b', 'ok']}]}),
  ofSelector('In with a value that is none', {matchExpressions: [{key: 'app', operator: 'In', values: [null]}]}),
  ofSelector('In with a number', {matchExpressions: [{key: 'app', operator: 'In', values: [1]}]}),
  ofSelector('Exists with values', {matchExpressions: [{key: 'app', operator: 'Exists', values: ['a']}]}),
  ofSelector('Exists', {matchExpressions: [{key: 'app', operator: 'Exists', values: []}]}),
  ofSelector('an operator in small letters', {matchExpressions: [{key: 'app', operator: 'in', values: ['a']}]}),
  ofSelector('an operator of nodes', {matchExpressions: [{key: 'app', operator: 'Gt', values: ['1']}]}),
  ofSelector('no operator', {matchExpressions: [{key: 'app'}]}),
  ofSelector('no key', {matchExpressions: [{operator: 'Exists'}]}),
  ofSelector('a key with two slashes', {matchExpressions: [{key: 'a/b/c', operator: 'Exists'}]}),
  ofSelector('labels directly', {app: 'wheel'}),
  ofSelector('a value in place of values', {matchExpressions: [{key: 'app', operator: 'In', value: 'a'}]}),
]

const seldom = <Item>(usual: fc.Arbitrary<Item>, other: fc.Arbitrary<Item>) =>
  fc.oneof({weight: 12, arbitrary: usual}, {weight: 1, arbitrary: other})
const text = seldom(
  fc.constantFrom('a', 'web', 'A', 'a_b', 'a.b', 'example-1'),
  fc.constantFrom('-a', 'x'.repeat(64), '', 'a/b', 'example.com/a', 'é', '80'),
)
const number = seldom(fc.constantFrom(1, 80, 8080, 65535), fc.constantFrom(0, 65536, -1))
const odd: fc.Arbitrary<Json> = fc.constantFrom<Json>(null, true, 7, 'text', [], {}, [null], {a: 'b'})
/** Nearly always of its own shape: what is wrong everywhere is refused for the first fault. */
const mostly = (value: fc.Arbitrary<Json>) => fc.oneof({weight: 60, arbitrary: value}, {weight: 1, arbitrary: odd})
const map = (model: Record<string, fc.Arbitrary<Json>>): fc.Arbitrary<Json> =>
  fc.record(Object.fromEntries(Object.entries(model).map(([key, value]) => [key, mostly(value)])), {
    requiredKeys: [],
  }) as fc.Arbitrary<Json>
const list = (item: fc.Arbitrary<Json>, maxLength = 2) => fc.array(mostly(item), {maxLength}) as fc.Arbitrary<Json>
const labels = fc.dictionary(text, text, {maxKeys: 1, noNullPrototype: true}) as fc.Arbitrary<Json>
const selector = map({
  matchLabels: labels,
  matchExpressions: list(
    map({
      key: text,
      operator: seldom(fc.constantFrom('In', 'NotIn'), fc.constantFrom('Exists', 'DoesNotExist', 'Is')),
      values: list(text),
    }),
  ),
})
const block = fc.constantFrom(
  '10.0.0.0/8',
  '10.1.0.0/16',
  '10.1.0.9/16',
  '0.0.0.0/0',
  '10.0.0.0',
  '::/0',
  'fd00::/8',
  '01.0.0.0/8',
)
const peer = fc.oneof(
  {weight: 6, arbitrary: map({podSelector: selector, namespaceSelector: selector})},
  {weight: 4, arbitrary: fc.record({ipBlock: map({cidr: block, except: list(block, 1)})}) as fc.Arbitrary<Json>},
  {weight: 1, arbitrary: map({podSelector: selector, ipBlock: map({cidr: block})})},
)
const port = map({
  protocol: seldom(fc.constantFrom('TCP', 'UDP'), fc.constant('tcp')),
  port: seldom(number as fc.Arbitrary<Json>, text as fc.Arbitrary<Json>),
  endPort: number,
})

/** Random policies of which many are refused. */
export const writtenPolicy: fc.Arbitrary<Json> = fc
  .record({
    metadata: fc.record({labels, annotations: labels, name: seldom(fc.constant('p'), fc.constant('a_b'))}) as fc.Arbitrary<Json>,
    spec: map({
      podSelector: selector,
      policyTypes: list(seldom(fc.constantFrom('Ingress', 'Egress'), fc.constant('ingress')), 3),
      ingress: list(map({from: list(peer), ports: list(port)})),
      egress: list(map({to: list(peer), ports: list(port)})),
    }),
  })
  .map(({metadata, spec}) => ({...base, metadata, spec}))
