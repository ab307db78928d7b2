import {createWriteStream} from 'node:fs'
import {mkdir, rename, stat} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {pipeline} from 'node:stream/promises'
import {Random} from './random.ts'

/** How large a made-up cluster is. */
export interface ClusterSize {
  readonly pods: number
  readonly policies: number
}

const PODS_PER_NAMESPACE = 40
const NODES = 250
const TEAMS = ['payments', 'search', 'identity', 'media', 'billing']
const APPS = ['web', 'api', 'worker', 'db', 'cache', 'queue', 'auth', 'mailer']
const TIERS = ['front', 'back', 'data']

/** The objects of a cluster as `kubectl get … -o json` prints them, one a piece. */
function* objects({pods, policies}: ClusterSize): Generator<string> {
  const random = new Random(pods)
  const namespaces = Math.ceil(pods / PODS_PER_NAMESPACE)
  const name = (index: number) => `ns-${index % namespaces}`
  for (let index = 0; index < namespaces; index++) {
    const labels = {'kubernetes.io/metadata.name': name(index), team: random.pick(TEAMS), stage: random.pick(['prod', 'dev'])}
    yield JSON.stringify({apiVersion: 'v1', kind: 'Namespace', metadata: {name: name(index), labels}})
  }
  for (let index = 0; index < pods; index++) {
    const app = random.pick(APPS)
    const labels = {app, tier: random.pick(TIERS), version: `v${random.below(4)}`, 'pod-template-hash': `${app}-${index % 977}`}
    yield JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `pod-${index}`,
        namespace: name(index),
        labels,
        uid: `${index}-4cc8-9d5d-0a5b8c7d6e5f`,
        creationTimestamp: '2026-11-01T08:00:00Z',
      },
      spec: {
        nodeName: `node-${index % NODES}`,
        containers: [
          {name: 'main', image: `registry.example/${app}:1`, ports: [{name: 'http', containerPort: 8080, protocol: 'TCP'}]},
        ],
      },
      status: {phase: 'Running', podIP: `10.${64 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`},
    })
  }
  for (let index = 0; index < policies; index++) yield JSON.stringify(policy(index, name(index), random))
}

function policy(index: number, namespace: string, random: Random) {
  const peers = [
    {podSelector: {matchLabels: {app: random.pick(APPS)}}},
    {
      podSelector: {matchExpressions: [{key: 'app', operator: 'In', values: ['web', 'api']}]},
      namespaceSelector: {matchLabels: {team: random.pick(TEAMS)}},
    },
    {namespaceSelector: {matchLabels: {stage: 'prod'}}},
    {ipBlock: {cidr: `10.${index % 200}.0.0/16`, except: [`10.${index % 200}.7.0/24`]}},
  ]
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {name: `policy-${index}`, namespace},
    spec: {
      podSelector: {matchLabels: {app: random.pick(APPS)}},
      policyTypes: index % 3 === 0 ? ['Ingress', 'Egress'] : ['Ingress'],
      ingress: [
        {
          from: peers.slice(index % 3),
          ports: [
            {protocol: 'TCP', port: 8080},
            {protocol: 'TCP', port: 'http'},
          ],
        },
      ],
      ...(index % 3 === 0 && {egress: [{to: peers.slice(1), ports: [{protocol: 'UDP', port: 53}]}]}),
    },
  }
}

function* list(size: ClusterSize): Generator<string> {
  let separator = '{"apiVersion":"v1","kind":"List","items":[\n'
  for (const object of objects(size)) {
    yield separator + object
    separator = ',\n'
  }
  yield '\n]}\n'
}

/** A cluster's objects in a file that is made once, in the system's temporary folder. */
export async function clusterFile(size: ClusterSize): Promise<string> {
  const path = join(tmpdir(), 'kubectl-npm-bench', `cluster-${size.pods}-${size.policies}.json`)
  if (await stat(path).catch(() => undefined)) return path
  await mkdir(dirname(path), {recursive: true})
  await pipeline(list(size), createWriteStream(`${path}.part`))
  await rename(`${path}.part`, path)
  return path
}
