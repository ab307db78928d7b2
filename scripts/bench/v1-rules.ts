import {stat} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {readClusterObjects} from '../../core/kubernetes/read-objects.ts'
import {compile} from '../../core/linux/compile/compile.ts'
import {savedRules, write} from './compiled-dump.ts'

/** So many policies make about ten megabytes of rules. */
const POLICIES = 3600
const NAMESPACES = 500

/** Ten megabytes of rules of NPM v1, of policies with labels of their own: hardly a name is met twice. */
export async function v1Rules(): Promise<string> {
  const path = join(tmpdir(), 'kubectl-npm-bench', `v1-rules-${POLICIES}.txt`)
  if (await stat(path).catch(() => undefined)) return path
  const items = [
    ...Array.from({length: NAMESPACES}, (_, index) => namespace(index)),
    ...Array.from({length: POLICIES}, (_, index) => policy(index)),
  ]
  const {objects} = readClusterObjects({apiVersion: 'v1', kind: 'List', items})
  await write(path, savedRules(compile(objects, {scheme: 'sha256', semantics: 'npm', generation: 'v1'})))
  return path
}

const namespace = (index: number) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {name: `team-${index}`, labels: {env: `env-${index}`}},
})

const labels = (index: number, role: string, count: number) => ({
  matchLabels: Object.fromEntries(Array.from({length: count}, (_, at) => [`${role}${at}`, `value-${index}-${role}-${at}`])),
})

const policy = (index: number) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: {name: `policy-${index}`, namespace: `team-${index % NAMESPACES}`},
  spec: {
    podSelector: labels(index, 'app', 2),
    policyTypes: ['Ingress'],
    ingress: [
      {
        from: [
          {podSelector: labels(index, 'peer', 3)},
          {
            podSelector: labels(index, 'client', 2),
            namespaceSelector: {matchLabels: {env: `env-${index % NAMESPACES}`}},
          },
        ],
        ports: [
          {port: 80, protocol: 'TCP'},
          {port: 443, protocol: 'TCP'},
        ],
      },
    ],
  },
})
