import {stringify} from 'yaml'

const apiVersion = 'kwok.x-k8s.io/v1alpha1'

/** What happens to objects of one kind when the expression has one of the values (or, without values, exists). */
const stage = (name: string, kind: 'Node' | 'Pod', matchExpressions: readonly object[], next: object) => ({
  apiVersion,
  kind: 'Stage',
  metadata: {name},
  spec: {resourceRef: {apiGroup: 'v1', kind}, selector: {matchExpressions}, next},
})

const isReady = '.status.conditions.[] | select(.type == "Ready") | .status'
const isDeleted = '.metadata.deletionTimestamp'

/** A new node becomes Ready, with kwok itself as its kubelet. */
const nodeReady = stage('node-ready', 'Node', [{key: isReady, operator: 'NotIn', values: ['True']}], {
  statusTemplate: `
addresses:
- {type: InternalIP, address: {{ NodeIP | Quote }}}
daemonEndpoints: {kubeletEndpoint: {Port: {{ NodePort }}}}
allocatable: {cpu: 4, memory: 16Gi, pods: 250}
capacity: {cpu: 4, memory: 16Gi, pods: 250}
conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ Now | Quote }}
  lastTransitionTime: {{ Now | Quote }}
{{ end }}
nodeInfo:
  {{ range $key := list "architecture" "bootID" "containerRuntimeVersion" "kernelVersion" "kubeProxyVersion" "machineID" "osImage" "systemUUID" }}
  {{ $key }}: simulated
  {{ end }}
  kubeletVersion: v1.36.3
  operatingSystem: linux
`,
})

/** A pod that was given a node runs at once. */
const podReady = stage(
  'pod-ready',
  'Pod',
  [
    {key: isDeleted, operator: 'DoesNotExist'},
    {key: isReady, operator: 'NotIn', values: ['True']},
  ],
  {
    statusTemplate: `
phase: Running
startTime: {{ Now | Quote }}
conditions:
{{ range $type := list "Initialized" "ContainersReady" "Ready" }}
- {type: {{ $type }}, status: "True", lastTransitionTime: {{ Now | Quote }}}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- {name: {{ .name | Quote }}, image: {{ .image | Quote }}, ready: true, restartCount: 0, state: {running: {startedAt: {{ Now | Quote }}}}}
{{ end }}
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
podIP: {{ PodIPWith .spec.nodeName (or .spec.hostNetwork false) (or .metadata.uid "") (or .metadata.name "") (or .metadata.namespace "") | Quote }}
`,
  },
)

const podGone = stage('pod-gone', 'Pod', [{key: isDeleted, operator: 'Exists'}], {delete: true})

/** Where port-forwards to a pod end: a port of this machine's loopback. */
export interface Forward {
  readonly namespace: string
  readonly pod: string
  readonly port: number
  readonly targetPort: number
}

const portForward = ({namespace, pod, port, targetPort}: Forward) => ({
  apiVersion,
  kind: 'PortForward',
  metadata: {namespace, name: pod},
  spec: {forwards: [{ports: [port], target: {address: '127.0.0.1', port: targetPort}}]},
})

/** kwok's configuration file. */
export const kwokConfig = (forwards: readonly Forward[]): string =>
  [nodeReady, podReady, podGone, ...forwards.map(portForward)].map(document => stringify(document)).join('---\n')
