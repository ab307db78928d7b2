import {describe, expect, test} from 'vitest'
import {stringify} from 'yaml'
import {readDump} from '../../../core/dump/read-dump.ts'
import {InputError} from '../../../core/problem/input-error.ts'
import {tracePacket} from '../../../core/trace/trace-packet.ts'

/** Two policies, of which the second allows what the first alone would drop: whoever misses it would say DROPPED. */

const namespaces = ['till', 'yard'].map(name => ({apiVersion: 'v1', kind: 'Namespace', metadata: {name, labels: {team: name}}}))
const node = {apiVersion: 'v1', kind: 'Node', metadata: {name: 'n1'}}
const pods = ['till/counter', 'yard/cart'].map((key, index) => {
  const [namespace, name] = key.split('/')
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {name, namespace, labels: {app: name}},
    spec: {nodeName: 'n1', containers: []},
    status: {phase: 'Running', podIP: `10.2.0.${index + 1}`},
  }
})
const policy = (name: string, ingress: readonly object[]) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: {name, namespace: 'till'},
  spec: {podSelector: {}, policyTypes: ['Ingress'], ingress},
})
const policies = [policy('closed', []), policy('open', [{from: [{namespaceSelector: {matchLabels: {team: 'yard'}}}]}])]
const items = [...namespaces, node, ...pods, ...policies]

/** As kubectl prints a list: its kind behind its items. */
const list = (of: readonly object[]) => ({apiVersion: 'v1', items: of, kind: 'List', metadata: {resourceVersion: ''}})

const forms: Readonly<Record<string, string>> = {
  'a List of kubectl in JSON': JSON.stringify(list(items), undefined, 4),
  'a List of kubectl in YAML': stringify(list(items)),
  'a List for each kind': [namespaces, [node], pods, policies].map(each => JSON.stringify(list(each), undefined, 1)).join('\n'),
}

async function verdict(...texts: readonly string[]): Promise<string> {
  const {nodes, problems} = await readDump(texts.map((text, index) => ({name: `${index}`, folder: '', text: [text]})))
  const packet = {source: 'yard/cart', destination: 'till/counter', protocol: 'tcp' as const, port: '80'}
  try {
    return tracePacket(nodes, packet, problems).verdict
  } catch (error) {
    if (error instanceof InputError) return 'unknown'
    throw error
  }
}

describe.each(Object.entries(forms))('%s', (_, text) => {
  test('that is cut anywhere lets no other verdict be given', async () => {
    expect(await verdict(text)).toBe('accept')
    const wrong: number[] = []
    const step = text.length > 2000 ? 7 : 1
    for (let at = 1; at < text.length; at += step) if ((await verdict(text.slice(0, at))) === 'drop') wrong.push(at)
    expect(wrong).toEqual([])
  })
})

// Between two lists nothing shows that there was one more.
test.each(Object.entries(forms).filter(([what]) => what !== 'a List for each kind'))(
  '%s that is cut beside whole files lets no other verdict be given either',
  async (_, text) => {
    const rest = JSON.stringify(list([...namespaces, node, ...pods, policies[0] as object]))
    for (let at = text.length - 20; at > text.length / 2; at -= 31)
      expect(await verdict(rest, text.slice(0, at))).not.toBe('drop')
  },
)

test('a broken file that holds no objects changes no answer', async () => {
  const whole = forms['a List of kubectl in JSON'] as string
  for (const other of ['{"level": "info", "msg": [', 'kind: ConfigMap\ndata: {{ .Values.x }}\nmore: [}\nlast: 1\n', '{"a": 1} x'])
    expect(await verdict(whole, other)).toBe('accept')
})

test('a broken document makes the kinds unknown that it names', async () => {
  const whole = forms['a List of kubectl in JSON'] as string
  expect(await verdict(whole, 'kind: NetworkPolicy\nmetadata: {name: [\n')).toBe('unknown')
  expect(await verdict(whole, 'apiVersion: v1\nkind: Service\nmetadata: {name: [}\n---\nkind: Secret\n')).toBe('accept')
})
