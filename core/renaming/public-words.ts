import {NPM_POD_LABEL} from '../kubernetes/npm-pod.ts'

/** Words that say nothing about a cluster, because every cluster has them. */

/** Namespaces that every cluster has, and Azure NPM's name for all namespaces. These words stay wherever they occur. */
const KEPT_NAMES: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease', 'all-namespaces'])

/** Values that answers depend on, and that many clusters share. By the label of Azure NPM's own pods its release is found. */
const KEPT_VALUES: ReadonlySet<string> = new Set(['', NPM_POD_LABEL[1], 'linux', 'windows', 'amd64', 'arm64', 'true', 'false'])

/** Whether a word stays wherever it occurs. */
export const isKeptWord = (word: string): boolean => KEPT_NAMES.has(word) || KEPT_VALUES.has(word)

/** Label keys without a prefix that charts and tutorials use. Their values are replaced all the same. */
const KEPT_KEYS: ReadonlySet<string> = new Set([
  'app',
  'k8s-app',
  'component',
  'tier',
  'role',
  'name',
  'version',
  'release',
  'chart',
  'heritage',
  'env',
  'environment',
  'pod-template-hash',
  'pod-template-generation',
  'controller-revision-hash',
  'controller-uid',
  'job-name',
  'all-namespaces',
])

/** Prefixes of label keys that Kubernetes, its projects and Azure own. */
const KEPT_KEY_PREFIX = /^(?:[a-z0-9.-]+\.)?(?:kubernetes\.io|k8s\.io|kubernetes\.azure\.com|helm\.sh|istio\.io|knative\.dev)$/

/** Whether a label's key says nothing about a cluster. */
export function isKeptKey(key: string): boolean {
  const slash = key.indexOf('/')
  return slash < 0 ? KEPT_KEYS.has(key) : KEPT_KEY_PREFIX.test(key.slice(0, slash))
}

const KEPT_PORTS: ReadonlySet<string> = new Set(['http', 'https', 'dns', 'dns-tcp', 'metrics', 'grpc'])

/** Whether the name of a port says no more than the protocol. A file may hold a number in place of a name. */
export const isKeptPort = (name: string): boolean => KEPT_PORTS.has(name) || /^\d*$/.test(name)
