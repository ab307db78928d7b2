import {Random} from '../random.ts'

/*
 * Objects as large as an API server gives them out, made when they are asked for: a pod with two containers is 7 kB, of
 * which policies need 0.3. What repeats in a real cluster repeats here, and no more: applications share labels, pods do not
 * share names and addresses.
 */

export interface ClusterSize {
  readonly pods: number
  readonly policies: number
  readonly nodes: number
}

const MOST_NAMESPACES = 500
const PODS_PER_APP = 5
const TEAMS = ['payments', 'search', 'identity', 'media', 'billing']
const TIERS = ['front', 'back', 'data']

const namespaceOf = (index: number) => `team-${TEAMS[index % TEAMS.length]}-${index % MOST_NAMESPACES}`
const addressOf = (index: number) => `10.${64 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`
const uid = (index: number) => `5e1c0d9b-77aa-4bd3-9d5d-${index.toString(16).padStart(12, '0')}`
const hex = (length: number, seed: number) =>
  Array.from({length}, (_, place) => ((seed * 31 + place * 7) % 16).toString(16)).join('')
const fields = (prefix: string, names: readonly string[]) =>
  Object.fromEntries(names.map(name => [`f:${prefix}${name}`, {'.': {}, 'f:name': {}}]))

export function servedPod(index: number, {nodes}: ClusterSize, turn = 0): object {
  const app = Math.floor(index / PODS_PER_APP)
  const name = `service-${app}-${hex(10, app)}-${hex(5, index)}`
  const env = ['PORT', 'LOG_LEVEL', 'DATABASE_URL', 'CACHE_URL', 'REGION', 'TRACE_ENDPOINT', 'POD_NAME', 'POD_IP']
  const container = (each: string) => ({
    name: each,
    image: `registry.example.com/team/${each}-${app}:2026.11.${app % 30}`,
    ports: [{name: each === 'main' ? 'http' : 'metrics', containerPort: each === 'main' ? 8080 : 9090, protocol: 'TCP'}],
    env: env.map(key => ({name: key, value: `value-of-${key.toLowerCase()}-${app}`})),
    resources: {limits: {cpu: '500m', memory: '512Mi'}, requests: {cpu: '100m', memory: '256Mi'}},
    volumeMounts: [{name: 'kube-api-access-x7k2p', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount'}],
    livenessProbe: {
      httpGet: {path: '/healthz', port: 'http', scheme: 'HTTP'},
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
    },
    readinessProbe: {
      httpGet: {path: '/readyz', port: 'http', scheme: 'HTTP'},
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
    },
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
    securityContext: {capabilities: {drop: ['ALL']}, runAsNonRoot: true, allowPrivilegeEscalation: false},
  })
  const containers = [container('main'), container('sidecar')]
  return {
    metadata: {
      name,
      generateName: `service-${app}-${hex(10, app)}-`,
      namespace: namespaceOf(app),
      uid: uid(index),
      resourceVersion: String(1000 + index + turn),
      creationTimestamp: '2026-11-01T08:00:00Z',
      labels: {
        app: `service-${app}`,
        'app.kubernetes.io/part-of': TEAMS[app % TEAMS.length],
        tier: TIERS[app % TIERS.length],
        version: `v${app % 40}`,
        'pod-template-hash': hex(10, app),
        // Some pods are told apart by a label, as those of a StatefulSet are.
        ...(app % 10 === 0 && {'statefulset.kubernetes.io/pod-name': name}),
      },
      annotations: {'checksum/config': hex(64, app), 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9090'},
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: `service-${app}-${hex(10, app)}`,
          uid: uid(app),
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
      managedFields: [
        {
          manager: 'kube-controller-manager',
          operation: 'Update',
          apiVersion: 'v1',
          time: '2026-11-01T08:00:00Z',
          fieldsType: 'FieldsV1',
          fieldsV1: {
            'f:metadata': {
              'f:annotations': fields('', ['checksum/config', 'prometheus.io/scrape']),
              'f:labels': fields('', ['app', 'tier', 'version']),
            },
            'f:spec': {
              'f:containers': Object.fromEntries(
                containers.map(each => [`k:{"name":"${each.name}"}`, fields('', Object.keys(each))]),
              ),
            },
          },
        },
        {
          manager: 'kubelet',
          operation: 'Update',
          apiVersion: 'v1',
          time: '2026-11-01T08:00:10Z',
          fieldsType: 'FieldsV1',
          fieldsV1: {
            'f:status': fields('', [
              'conditions',
              'containerStatuses',
              'hostIP',
              'hostIPs',
              'phase',
              'podIP',
              'podIPs',
              'startTime',
            ]),
          },
          subresource: 'status',
        },
      ],
    },
    spec: {
      volumes: [
        {
          name: 'kube-api-access-x7k2p',
          projected: {sources: [{serviceAccountToken: {expirationSeconds: 3607, path: 'token'}}], defaultMode: 420},
        },
      ],
      containers,
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: 'default',
      nodeName: `aks-pool-${index % nodes}`,
      schedulerName: 'default-scheduler',
      tolerations: ['not-ready', 'unreachable'].map(key => ({
        key: `node.kubernetes.io/${key}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      })),
      priority: 0,
      enableServiceLinks: true,
    },
    status: {
      phase: 'Running',
      conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(type => ({
        type,
        status: 'True',
        lastTransitionTime: `2026-11-01T08:00:${10 + (turn % 50)}Z`,
      })),
      hostIP: `10.240.${(index % nodes) >> 8}.${(index % nodes) & 255}`,
      podIP: addressOf(index),
      podIPs: [{ip: addressOf(index)}],
      startTime: '2026-11-01T08:00:00Z',
      containerStatuses: containers.map(({name: each, image}) => ({
        name: each,
        state: {running: {startedAt: '2026-11-01T08:00:05Z'}},
        ready: true,
        restartCount: 0,
        image,
        imageID: `registry.example.com/team/${each}-${app}@sha256:${hex(64, app)}`,
        containerID: `containerd://${hex(64, index)}`,
        started: true,
      })),
      qosClass: 'Burstable',
    },
  }
}

export const namespaceCount = ({pods, policies}: ClusterSize): number =>
  Math.min(MOST_NAMESPACES, Math.max(Math.ceil(pods / PODS_PER_APP), policies))

export function servedNamespace(index: number): object {
  const name = namespaceOf(index)
  const labels = {'kubernetes.io/metadata.name': name, team: TEAMS[index % TEAMS.length], stage: index % 3 === 0 ? 'dev' : 'prod'}
  return {
    metadata: {name, uid: uid(index), resourceVersion: '10', labels},
    spec: {finalizers: ['kubernetes']},
    status: {phase: 'Active'},
  }
}

export function servedPolicy(index: number): object {
  const random = new Random(index)
  const peers = [
    {podSelector: {matchLabels: {app: `service-${random.below(4000)}`}}},
    {
      podSelector: {matchExpressions: [{key: 'tier', operator: 'In', values: ['front', 'back']}]},
      namespaceSelector: {matchLabels: {team: random.pick(TEAMS)}},
    },
    {namespaceSelector: {matchLabels: {stage: 'prod'}}},
    {ipBlock: {cidr: `172.16.${index & 255}.0/24`, except: [`172.16.${index & 255}.0/28`]}},
  ]
  return {
    metadata: {name: `policy-${index}`, namespace: namespaceOf(index), uid: uid(index), resourceVersion: '10'},
    spec: {
      podSelector: {matchLabels: {app: `service-${index * 2}`}},
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

/** With the images that a kubelet names, 50 of them: most of what a node weighs. */
export function servedNode(index: number, turn = 0): object {
  const name = `aks-pool-${index}`
  return {
    metadata: {
      name,
      uid: uid(index),
      resourceVersion: String(1000 + turn),
      labels: {
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': name,
        'node.kubernetes.io/instance-type': 'Standard_D8s_v5',
        'topology.kubernetes.io/region': 'westeurope',
        'topology.kubernetes.io/zone': `westeurope-${index % 3}`,
        agentpool: 'pool',
      },
    },
    spec: {
      podCIDR: `10.${64 + (index >> 8)}.${index & 255}.0/24`,
      providerID: `azure:///subscriptions/${uid(1)}/virtualMachines/${index}`,
    },
    status: {
      addresses: [
        {type: 'InternalIP', address: `10.240.${index >> 8}.${index & 255}`},
        {type: 'Hostname', address: name},
      ],
      capacity: {cpu: '8', memory: '32863604Ki', pods: '110'},
      allocatable: {cpu: '7820m', memory: '28362100Ki', pods: '110'},
      conditions: ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready', 'KernelDeadlock', 'ReadonlyFilesystem'].map(
        type => ({
          type,
          status: 'False',
          lastHeartbeatTime: `2026-11-01T08:${10 + (turn % 50)}:00Z`,
          lastTransitionTime: '2026-11-01T08:00:00Z',
          reason: `KubeletHas${type}`,
          message: `kubelet has ${type}`,
        }),
      ),
      nodeInfo: {machineID: hex(32, index), kernelVersion: '6.6.0-azure', osImage: 'Azure Linux 3.0', kubeletVersion: 'v1.33.5'},
      images: Array.from({length: 50}, (_, image) => ({
        names: [
          `registry.example.com/team/image-${image}@sha256:${hex(64, image)}`,
          `registry.example.com/team/image-${image}:2026.11.1`,
        ],
        sizeBytes: 120_000_000 + image,
      })),
    },
  }
}
