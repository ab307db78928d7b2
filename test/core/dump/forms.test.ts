import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import {stringify} from 'yaml'
import {readDump} from '../../../core/dump/read-dump.ts'
import {type ClusterObjects, objectKey} from '../../../core/kubernetes/objects.ts'
import {stripObjects} from '../../../core/kubernetes/strip-fields.ts'
import {decodeText} from '../../../core/text/decode.ts'
import {encoded, encodings} from '../../support/encoded-text.ts'

/** One cluster in every form in which people hand objects over: the answer must not depend on it. */

type Item = Readonly<{apiVersion: string; kind: string; metadata: object; spec?: object; status?: object}>
const items: readonly Item[] = [
  {apiVersion: 'v1', kind: 'Namespace', metadata: {name: 'mill', labels: {'kubernetes.io/metadata.name': 'mill'}}},
  {apiVersion: 'v1', kind: 'Node', metadata: {name: 'n1'}, status: {addresses: [{type: 'InternalIP', address: '10.1.0.4'}]}},
  ...['wheel', 'sack'].map((name, index) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {name, namespace: 'mill', labels: {app: name}, annotations: {note: 'Mühle 水車 🚀 ---\n{[ "\\'}},
    spec: {nodeName: 'n1', containers: [{name: 'c'}]},
    status: {phase: 'Running', podIP: `10.2.0.${index}`},
  })),
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {name: 'gate', namespace: 'mill'},
    spec: {podSelector: {matchLabels: {app: 'wheel'}}, policyTypes: ['Ingress'], ingress: [{from: [{podSelector: {}}]}]},
  },
]

const json = (value: unknown) => JSON.stringify(value, undefined, 4)
const list = (of: readonly unknown[]) => ({apiVersion: 'v1', kind: 'List', items: of})
const bare = ({metadata, spec, status}: Item) => ({metadata, ...(spec && {spec}), ...(status && {status})})
const groups = (of: readonly Item[]) => [...new Set(of.map(({kind}) => kind))].map(kind => of.filter(each => each.kind === kind))
const typed = (of: readonly Item[], hasKind: boolean) => ({
  ...(hasKind && {apiVersion: of[0]?.apiVersion, kind: `${of[0]?.kind}List`}),
  metadata: {resourceVersion: '7'},
  items: of.map(bare),
})

const forms: Readonly<Record<string, (of: readonly Item[]) => string>> = {
  'a List': of => json(list(of)),
  'a List on one line': of => JSON.stringify(list(of)),
  'an array': of => json(of),
  'a map of arrays': of => json({one: of.slice(0, 2), rest: of.slice(2)}),
  'an object after the other': of => of.map(json).join('\n'),
  'an object a line': of => of.map(each => `${JSON.stringify(each)}\n`).join(''),
  'objects without anything between': of => of.map(each => JSON.stringify(each)).join(''),
  'JSON with a line of dashes behind': of => `${json(list(of))}\n---\n`,
  'JSON in YAML documents': of => of.map(each => `---\n${json(each)}\n`).join(''),
  'JSON, then YAML': of =>
    `${json(of[0])}\n---\n${of
      .slice(1)
      .map(each => stringify(each))
      .join('---\n')}`,
  'a List for each kind': of =>
    groups(of)
      .map(each => json(list(each)))
      .join('\n'),
  'typed lists': of =>
    groups(of)
      .map(each => json(typed(each, true)))
      .join('\n'),
  'lists without any kind': of =>
    groups(of)
      .map(each => json(typed(each, false)))
      .join('\n'),
  'an array without kinds': of => json(of.map(bare)),
  'YAML documents': of => of.map(each => stringify(each)).join('---\n'),
  'YAML documents behind a comment': of => `# objects\n---\n${of.map(each => stringify(each)).join('---\n')}`,
  'a List in YAML': of => stringify(list(of)),
  'a typed list in YAML documents': of =>
    groups(of)
      .map(each => stringify(typed(each, true)))
      .join('---\n'),
  'events of a watch': of => of.map(object => JSON.stringify({type: 'ADDED', object})).join('\n'),
}

const keys = (objects: ClusterObjects | undefined) => {
  const {pods = [], namespaces = [], policies = [], nodes = []} = objects ? stripObjects(objects) : {}
  const sorted = (of: readonly {metadata: {name: string}}[]) => of.toSorted((a, b) => (objectKey(a) < objectKey(b) ? -1 : 1))
  return {pods: sorted(pods), namespaces: sorted(namespaces), policies: sorted(policies), nodes: sorted(nodes)}
}

async function read(text: string, encoding: (typeof encodings)[number]) {
  const {nodes, problems} = await readDump([{name: 'in', folder: '', text: decodeText(encoded(text, encoding))}])
  return {objects: keys(nodes[0]?.cluster), problems: [...problems, ...(nodes[0]?.problems ?? [])]}
}

describe.each(Object.entries(forms))('%s', (_, form) => {
  test.each(encodings)('in %s gives the same objects', async encoding => {
    const expected = (await read(json(list(items)), 'utf-8')).objects
    expect(Object.values(expected).map(each => each.length)).toEqual([2, 1, 1, 1])
    expect(await read(form(items), encoding)).toEqual({objects: expected, problems: []})
  })

  propertyTest.prop([fc.shuffledSubarray([...items], {minLength: 1}), fc.constantFrom(...encodings), fc.boolean()])(
    'gives the objects that are in it, in any order, also with the line ends of Windows',
    async (some, encoding, isWindows) => {
      const text = isWindows ? form(some).replaceAll('\n', '\r\n') : form(some)
      const expected = (await read(json(list(some)), 'utf-8')).objects
      expect((await read(text, encoding)).objects).toEqual(expected)
    },
  )
})
