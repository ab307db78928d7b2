import type {Permission} from '../../core/contract/permissions.ts'

/**
 * Why each right of the manifests is there. The rights themselves are read from the manifests, so that this text cannot claim others;
 * a test sees to it that each has its reason, and each reason its right.
 *
 * The key is `ROLE RESOURCE`, with the namespace before a role that is not in the one for people.
 */
export const rightReasons: Readonly<Record<string, string>> = {
  'kubectl-npm-agent pods':
    'labels, addresses and ports that policies select, and the release of Azure NPM; what policies ask for is compared with what is programmed',
  'kubectl-npm-agent namespaces': 'labels that namespace selectors match',
  'kubectl-npm-agent nodes': 'addresses of nodes, which policies do not bind',
  'kubectl-npm-agent networkpolicies': 'the policies themselves',
  'kubectl-npm-agent tokenreviews': 'asks whose token a caller shows; each caller must show one made for this very agent',
  'kubectl-npm-agent subjectaccessreviews': 'asks what that caller may do',
  'kubectl-npm-metrics /node-metrics':
    'what Prometheus scrapes of a node; bind the role to its account. No API serves this path: only agents ask for it',
  'kubectl-npm-metrics /cluster-metrics': 'the counts of a node',
  'npm-viewer status': 'how an agent is. No API serves this resource: only agents ask for it',
  'npm-viewer dumps':
    'rules, sets and cluster objects as the agent of a node knows them, and what rules count while somebody watches',
  'npm-viewer drifts': "the agent's comparison of policies and node",
  'npm-operator status': 'as npm-viewer',
  'npm-operator dumps': 'as npm-viewer',
  'npm-operator drifts': 'as npm-viewer',
  'npm-operator flows': 'connections of pods through a node that go on although the policies deny them',
  'npm-operator applies':
    'kubectl npm apply, rollback and confirm: changes chains and sets of Azure NPM on a node, and nothing else there',
  'kubectl-npm-viewer pods':
    'finds the relay of a node; get is for kubectl port-forward, the way where a proxy lets no WebSocket through',
  'kubectl-npm-viewer pods/portforward':
    'the way to the agent: the relay of its node, which has no network but its own; up to Kubernetes 1.34 get is enough',
  'kubectl-npm-viewer serviceaccounts/token':
    'asks for a token of npm-viewer for one agent, for ten minutes; your own credentials never reach a node',
  'kubectl-npm-operator pods': 'as kubectl-npm-viewer',
  'kubectl-npm-operator pods/portforward': 'as kubectl-npm-viewer',
  'kubectl-npm-operator serviceaccounts/token':
    'tokens of npm-operator as well: each opens the verbs that write to one node, for ten minutes',
  'kubectl-npm-node/kubectl-npm-viewer pods': 'says why an agent is not ready; optional',
  'kube-system/kubectl-npm-viewer daemonsets': 'tells Azure NPM from Cilium and Calico; optional',
  'kube-system/kubectl-npm-log-reader pods': 'finds the pod of Azure NPM on a node; optional',
  'kube-system/kubectl-npm-log-reader pods/log':
    "Azure NPM's own log in a dump; optional. Its pods have random names, so this opens the logs of all of kube-system",
}

/** What some answers ask the API server for with the rights of whoever asks, which the manifests give to nobody. */
export const ownRights: readonly Pick<Permission, 'where' | 'verbs' | 'group' | 'resource' | 'why'>[] = [
  own('list', '', 'services', 'trace and describe of svc/NAME, where only its namespace is asked; dump'),
  own(
    'list',
    'discovery.k8s.io',
    'endpointslices',
    'the same; without it the selector of a service tells its pods, ready or not',
  ),
  own('get', '', 'pods', '--pod NAMESPACE/NAME: its node'),
  own('list', '', 'nodes', '-l LABELS: which nodes; lint --with-cluster'),
  own('list', '', 'pods', 'lint --with-cluster'),
  own('list', '', 'namespaces', 'lint --with-cluster'),
  own('list', 'networking.k8s.io', 'networkpolicies', 'lint --with-cluster'),
]

function own(verb: string, group: string, resource: string, why: string) {
  return {where: 'cluster', verbs: [verb], group, resource, why}
}

/** Why the agent's container has what an ordinary one has not. The keys are found in the DaemonSet. */
const agentReasons: Readonly<Record<string, string>> = {
  hostNetwork:
    'the chains, sets and connections of a node are those of its network namespace. The agent listens on no port of it, unless it serves metrics',
  'port 10292 of the node':
    'metrics, with --metrics: over TLS to who may get the path, or with --metrics-auth none to everybody who reaches the port',
  'user 0': 'Kubernetes gives added capabilities to root only. All others are dropped, and none can be gained',
  'group 10292': "the relay's: the agent opens its socket to this group and to nobody else",
  'capability NET_ADMIN': 'without it the kernel lists neither rules nor sets nor connections',
  'capability NET_RAW': 'iptables-legacy opens a raw socket whatever it does, listing included',
  'host path /run/xtables.lock': 'the lock that iptables-legacy shares with kube-proxy and Azure NPM',
  'host path /var/lib/npm-agent':
    'the socket for --local on the node (root only), restore points and the journal of what was written',
  'host path /run/kubectl-npm': 'the sockets for the relay and for probes',
  'priority system-node-critical': 'a node that is short of memory is one that people ask about',
  'toleration of all taints': 'so is a node that is not ready or drained',
}

/** The same for the relay's. */
const relayReasons: Readonly<Record<string, string>> = {
  'user 10292': 'not root, and of the only group that may open the socket of the agent',
  'host path /run/kubectl-npm, to read': 'the socket of the agent. Nothing else of the node is in it',
  'priority system-node-critical': 'goes where the agent goes',
  'toleration of all taints': 'goes where the agent goes',
}

export const nodeReasons = {agent: agentReasons, relay: relayReasons} as const

/** What is asked of whoever installs, beside writing the objects themselves. */
export const installerReasons = {
  write: 'in the manifests; server-side apply is a patch, and needs create for what is new',
  standIn: 'dry runs only, of what goes into a namespace that is not there yet; nothing is stored',
  escalate: 'hands out rights, which one may who has them all, or has escalate and bind',
  dryRun: 'a dry run of one Pod: what refuses pods lets their DaemonSet pass; the pods of install --ephemeral',
  watch: 'waits until agents and relays are ready, and says why one is not',
  node: 'install --ephemeral: looks whether there is such a node',
  windows: 'says that there are Windows nodes, which install leaves out; without it nothing is said of them',
  look: 'uninstall: finds what is left, and what of others would go with it',
  remove: 'uninstall: removes what install made; of DaemonSets also install, those of an older version',
  removeInside:
    "uninstall, when the namespace stays because it holds objects of others; of pods also install --ephemeral, those that have ended; of accounts also install, those of an older version; of the last three also install --read-only, the operator's",
} as const
