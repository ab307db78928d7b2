/** A command that a page shows with what it prints. */
export interface ShownExample {
  /** What it shows, before a colon. */
  readonly says: string
  readonly command: string
  /** How many lines of its output are shown; by default all. */
  readonly lines?: number
  /** How it is run, if not as it stands: words behind `console`, as CONTRIBUTING.md tells them. */
  readonly marks?: readonly string[]
  /** What it prints, where the page's writer does not run it; a test may. */
  readonly prints?: string
}

/** What the page of a verb has beside what the program says of itself. */
export interface VerbExamples {
  readonly examples: readonly ShownExample[]
  /** Its output for programs, taken apart with jq. The first one begins with the kind of the document. */
  readonly programs?: readonly (string | ShownExample)[]
  /** The kind of its JSON document, where no command of `programs` tells it. */
  readonly document?: string
  /** What gives it, if not `-o json`. */
  readonly documentIs?: string
  /** Pages in docs/ that tell more of it. */
  readonly more?: readonly string[]
}

/** An example that stands for itself, below the others. */
export const asExample = (given: string | ShownExample): ShownExample =>
  typeof given === 'string' ? {says: '', command: given} : given

/** Two nodes; on the second one a set lacks a pod. */
const NODES = 'test/fixtures/two-nodes'
const CLUSTER = `${NODES}/cluster.yaml`
/** One node, with connections that were open when its policies came. */
const NODE = 'test/fixtures/captures/v2-base36-nft'
const CONNECTIONS = 'test/fixtures/flows/conntrack.txt'
const RECORDING = 'test/fixtures/pictures/top.jsonl'
const SHOP = 'test/fixtures/real-npm/shop-sha256'
/** A dump with the time when it was taken. */
const DUMP = 'test/fixtures/dump-v1/bakery.tgz'

const onNode = [`root=${SHOP}`, 'host=aks-system-1']
const LOSE_MEMBER = 'sudo ipset del azure-npm-5nce4npa15dx8xir01g3 10.50.1.11'
const repair = (flags: string) => `sudo kubectl npm apply --local -f ${SHOP}/cluster.json ${flags}`

export const verbExamples: Readonly<Record<string, VerbExamples>> = {
  apply: {
    more: ['apply.md', 'transaction.md', 'rights.md'],
    document: 'PlanList',
    examples: [
      {
        says: 'A set has lost a pod. What would be done',
        marks: onNode,
        command: `${LOSE_MEMBER}; ${repair('--dry-run')}`,
        prints: `node aks-system-1: 1 operation in 1 step; 1 step opens
  Wanted: what the policies ask for

Step 1, ipset: opens: packets pass that are dropped now
  it is one change: before it the node judges as it did, after it as it should
  opens ingress/nginx-6b5c-x2 10.50.1.11 -> payments/api-1 10.50.0.31 tcp/8443
    OF           WHY                    OPERATION
    ns-ingress   it lacks this member   add azure-npm-5nce4npa15dx8xir01g3 10.50.1.11
…`,
      },
      {
        says: 'The same as a script',
        marks: onNode,
        command: `${repair('--dry-run -o lines')} | grep -v '^#'`,
        prints: `set -e
ipset restore <<'END'
add azure-npm-5nce4npa15dx8xir01g3 10.50.1.11
END`,
      },
      {
        says: 'Done, without being asked',
        marks: onNode,
        command: `${repair('--yes')} | tail -2`,
        prints: `node aks-system-1: 1 operation in … s; read again, the node has what was asked for
  Go back: kubectl npm rollback --local --to 0001-…`,
      },
    ],
    programs: [
      {
        says: '',
        marks: onNode,
        command: `${LOSE_MEMBER}; ${repair('--dry-run -o json')} | jq -r '(.items // [.])[] | [.node, (.steps[] | .order, .effect)] | @tsv'`,
        prints: 'aks-system-1\t1\topens',
      },
    ],
  },
  compile: {
    examples: [
      {says: 'What each policy becomes', command: `kubectl npm compile ${CLUSTER}`},
      {says: 'Its sets, as `ipset restore` reads them', command: `kubectl npm compile ${CLUSTER} -o ipset`, lines: 3},
      {
        says: 'Its rules, as an older release programs them',
        command: `kubectl npm compile ${CLUSTER} --release v1.4.23 -o iptables | grep till`,
        lines: 4,
      },
    ],
    programs: [
      `kubectl npm compile ${CLUSTER} -o json | jq -r '.kind, .release, (.policies | length)'`,
      `kubectl npm compile ${CLUSTER} -o json | jq -r '.sets[] | select(.type == "NestedLabelOfPod") | .name'`,
    ],
  },
  completion: {
    examples: [
      {
        says: 'What is there, and what is missing',
        command: 'kubectl npm completion',
        prints: `Where kubectl (1.26 or later) completes its own words, it asks kubectl_complete-npm for those of kubectl npm.

kubectl-npm           …/bin/kubectl-npm
kubectl_complete-npm  not on PATH; put it there: kubectl npm completion --install
…`,
      },
      {
        says: 'What is missing is put there',
        command: 'kubectl npm completion --install',
        prints: `…/bin/kubectl_complete-npm is made

kubectl's own completion has to be on. If it is not yet, in the file that the shell reads at its start:
  bash        source <(kubectl completion bash)
…`,
      },
      {
        says: 'And taken away',
        command: 'kubectl npm completion --uninstall',
        prints: '…/bin/kubectl_complete-npm is removed',
      },
    ],
  },
  confirm: {
    more: ['apply.md', 'transaction.md'],
    document: 'WriteResultList',
    examples: [
      {
        says: 'A write of another terminal, which the node takes back by itself after a minute',
        marks: onNode,
        command: `${LOSE_MEMBER}; ${repair('--yes --confirm-within 60s')} >write.log & until grep -s 'Keep it' write.log; do sleep 0.2; done`,
        prints: '  Keep it: kubectl npm confirm --local',
      },
      {
        says: 'It is kept',
        marks: onNode,
        command: 'sudo kubectl npm confirm --local',
        prints: 'node aks-system-1: write 0001-… is confirmed and stays',
      },
      {
        says: 'From a laptop',
        marks: ['cluster'],
        command: 'kubectl npm confirm --node node2',
        prints: 'node node2: write 0001-20261130T185747Z is confirmed and stays',
      },
    ],
    programs: [
      {
        says: '',
        marks: onNode,
        command: `${LOSE_MEMBER}; ${repair('--yes --confirm-within 60s')} >again.log & until grep -s 'Keep it' again.log >/dev/null; do sleep 0.2; done; sudo kubectl npm confirm --local -o json | jq -r '(.items // [.])[] | [.node, .outcome] | @tsv'`,
        prints: 'aks-system-1\tconfirmed',
      },
    ],
  },
  describe: {
    examples: [
      {says: 'A policy', command: `kubectl npm describe policy/bakery/oven --from ${NODES}`},
      {says: 'A set, by a label', command: `kubectl npm describe app=oven --from ${NODES}`, lines: 20},
      {says: 'A node', command: `kubectl npm describe node/aks-oven-1 --from ${NODES}`, lines: 20},
    ],
    programs: [`kubectl npm describe policy/bakery/oven --from ${NODES} -o json | jq -r '.kind, .differences[].text'`],
  },
  diff: {
    examples: [
      {says: 'What is wrong with the nodes of a dump', command: `kubectl npm diff ${NODES}`},
      {says: 'With the differences below the cause', command: `kubectl npm diff ${NODES} --node aks-oven-1 -o wide`, lines: 10},
      {
        says: 'Without what Azure NPM itself does otherwise than policies say',
        command: `kubectl npm diff ${NODES} --node aks-oven-0 --program-only; echo $?`,
      },
    ],
    programs: [
      `kubectl npm diff ${NODES} -o json | jq -r '.kind, (.items[] | select(.clean | not) | .node)'`,
      `kubectl npm diff ${NODES} -o json | jq -r '.items[].causes[] | [.kind, .text] | @tsv'`,
    ],
  },
  dump: {
    more: ['dump.md'],
    documentIs: '`dump.json` in it is',
    examples: [
      {says: 'One file of many', command: `kubectl npm dump --from ${NODES} -o bakery.tgz && tar -tzf bakery.tgz`},
      {
        says: 'With other names and addresses, for somebody else',
        command: 'kubectl npm dump --from bakery.tgz --redact -o for-support.tgz',
      },
      {says: 'All verbs read it', command: 'kubectl npm diff for-support.tgz | tail -1'},
    ],
    programs: [`tar -xzOf bakery.tgz dump.json | jq -r '.kind, .nodes[].name'`],
  },
  flows: {
    more: ['flows.md'],
    examples: [
      {
        says: 'Connections that policies deny and that go on',
        command: `kubectl npm flows denied --from ${NODE} --from ${CONNECTIONS}`,
      },
      {
        says: 'Columns that you choose',
        command: `kubectl npm flows denied --from ${NODE} --from ${CONNECTIONS} -o custom-columns=FROM:.from,TO:.to,PORT:.destinationPort`,
      },
      {
        says: 'On a node without any',
        marks: onNode,
        command: 'sudo kubectl npm flows denied --local',
        prints: 'node aks-system-1: none of 0 connections that it forwards goes on although the rules that it has deny it',
      },
    ],
    programs: [
      `kubectl npm flows denied --from ${NODE} --from ${CONNECTIONS} -o json | jq -r '.kind, (.items[] | [.protocol, .source, .destination, .destinationPort] | @tsv)'`,
    ],
  },
  install: {
    more: ['rights.md', 'metrics.md', 'watching.md', 'windows.md'],
    examples: [
      {
        says: 'Which permissions it asks for, and why',
        command: 'kubectl npm install --explain',
        lines: 3,
      },
      {
        says: 'What agents may ask the API server for',
        command: `kubectl npm install --explain -o json | jq -r '.items[] | select(.who == "agent" and .where == "cluster") | [(.verbs | join(",")), .resource] | @tsv'`,
      },
      {
        says: 'Agents on all Linux nodes',
        marks: ['cluster'],
        command: 'kubectl npm install --image registry.example.com/kubectl-npm/agent:0.1.0',
        prints: `Namespace kubectl-npm created
Namespace kubectl-npm-node created
ServiceAccount kubectl-npm-node/npm-agent created
…
2 of 2 agents are ready
Try: kubectl npm status`,
      },
      {
        says: 'One agent for ten minutes',
        marks: ['cluster'],
        command: 'kubectl npm install --ephemeral --node node1 --for 10m',
        prints: `…
pod npm-agent-ephemeral-w6z7b is ready. It ends 60 s after its last use, and after 10m in any case.
Try: kubectl npm translate --node node1; and kubectl npm uninstall at the end`,
      },
    ],
  },
  lint: {
    more: ['lint.md'],
    examples: [
      {says: 'Policies in files', command: 'kubectl npm lint test/fixtures/lint/policies'},
      {says: 'One to which nothing is to say', command: 'kubectl npm lint test/fixtures/lint/clean.yaml; echo $?'},
      {
        says: 'Without findings that are known, failing at warnings',
        command: 'kubectl npm lint test/fixtures/lint/policies/web.yaml --ignore IPV6_BLOCK --fail-on warning; echo $?',
      },
    ],
    programs: [
      `kubectl npm lint test/fixtures/lint/policies -o json | jq -r '.kind, (.findings[] | select(.level == "error") | .code)'`,
      `kubectl npm lint test/fixtures/lint/policies -o json | jq -c '.findings | group_by(.level) | map({(.[0].level): length}) | add'`,
    ],
  },
  matrix: {
    examples: [
      {says: 'Who may reach whom at a port', command: `kubectl npm matrix --ports 8080 --from ${NODE}`},
      {
        says: 'What a new policy would change',
        command: `kubectl npm matrix --ports 9000 --from ${CLUSTER} --diff test/fixtures/policies/open-mixer.yaml`,
      },
      {
        says: 'What is not as the policies say',
        command: `kubectl npm matrix --ports 8080,9102 --from ${NODES} --node aks-oven-1 --wrong; echo $?`,
      },
    ],
    programs: [
      `kubectl npm matrix --ports 8080 --from ${NODE} -o json | jq -r '.kind, (.probes[] | select(.verdict == "accept" and .source == "external") | .destination)'`,
      `kubectl npm matrix --ports 8080 --from ${NODE} -o json | jq -c '.probes | group_by(.verdict) | map({(.[0].verdict): length}) | add'`,
    ],
  },
  metrics: {
    more: ['metrics.md'],
    examples: [
      {
        says: 'What has a value',
        command: 'kubectl npm metrics --from test/fixtures/real-npm/clinic-fnv --no-ipset-counts',
        lines: 15,
      },
      {
        says: 'As Prometheus reads it',
        command: 'kubectl npm metrics --from test/fixtures/real-npm/clinic-fnv --no-compare -o prometheus | grep npm_num',
      },
      {
        says: 'Of several nodes as one page, each series with its node',
        command: `kubectl npm metrics ${NODES} -o prometheus | grep 'npm_agent_c.* 1$'`,
      },
    ],
    programs: [
      `kubectl npm metrics --from test/fixtures/real-npm/clinic-fnv --no-compare -o json | jq -r '.kind, (.families[] | select(.name == "npm_num_policies") | .samples[].value)'`,
    ],
  },
  policies: {
    more: ['policies.md'],
    examples: [
      {says: 'All of a dump', command: `kubectl npm policies ${DUMP}`},
      {says: 'Which are stale, and where', command: `kubectl npm policies ${DUMP} -n bakery -o wide | grep -v 'in force'`},
      {says: 'Their names', command: `kubectl npm policies ${DUMP} -n storefront -o name`},
    ],
    programs: [
      `kubectl npm policies ${DUMP} -o json | jq -r '.kind, (.items[:3][] | [.namespace, .name, .direction, .states[0].state] | @tsv)'`,
    ],
  },
  resolve: {
    examples: [
      {says: 'A hash that every cluster has', command: 'kubectl npm resolve azure-npm-784554818'},
      {says: 'A hash of a node', command: `kubectl npm resolve azure-npm-5iu1htjq9hd97m4vb2r9 --from ${NODE}`},
      {
        says: 'How a policy is called',
        command: 'kubectl npm resolve bakery/oven -o custom-columns=NAME:.name,FNV:.fnv32a,SHA:.sha256',
      },
    ],
    programs: [`kubectl npm resolve app=oven -o json | jq -r '.kind, (.items[] | [.name, .sha256[0]] | @tsv)'`],
  },
  rollback: {
    more: ['apply.md', 'transaction.md'],
    document: 'WriteResultList',
    examples: [
      {
        says: 'After a write, what there is to go back to',
        marks: onNode,
        command: `${LOSE_MEMBER}; ${repair('--yes')} >/dev/null; sudo kubectl npm rollback --local --list`,
        prints: `NODE           ID                      TAKEN                      BY     BEFORE   THAT
aks-system-1   0001-…   …   root   apply    applied`,
      },
      {
        says: 'Back to what the node had before',
        marks: onNode,
        command: 'sudo kubectl npm rollback --local --yes',
        prints: 'node aks-system-1: rolled back; the node has what it had before (1 operation in … s)',
      },
      {
        says: 'From a laptop',
        marks: ['cluster'],
        command: 'kubectl npm rollback --node node2 --yes',
        prints: 'node node2: rolled back; the node has what it had before (1 operation in 1.06 s)',
      },
    ],
    programs: [
      {
        says: '',
        marks: onNode,
        command: `sudo kubectl npm rollback --local --list -o json | jq -r '.items[].restorePoints[] | [.verb, .outcome] | @tsv'`,
        prints: 'rollback\tapplied\napply\tapplied',
      },
    ],
  },
  sets: {
    examples: [
      {says: 'All sets', command: `kubectl npm sets --from ${NODE}`, lines: 6},
      {says: 'The members of one', command: `kubectl npm sets app=oven --from ${NODES}`},
      {says: 'Their names in the kernel', command: `kubectl npm sets --from ${NODE} -o name`, lines: 2},
    ],
    programs: [
      `kubectl npm sets app=oven --from ${NODES} -o json | jq -r '.kind, (.items[] | [.node, .items[].members[]] | @tsv)'`,
      `kubectl npm sets --from ${NODE} -o json | jq -r '.items | max_by(.members | length) | .name'`,
    ],
  },
  status: {
    more: ['watching.md', 'rights.md'],
    examples: [
      {
        says: 'What each agent knows',
        marks: ['cluster'],
        command: 'kubectl npm status',
        prints: `NODE    VERSION   BACKEND   NPM   CLUSTER   AS OF                      PODS   POLICIES   WRITTEN   CLIENTS   MEMORY
node1   0.1.0     nft       -     live      2026-12-01T02:36:39.916Z      8          2   never           1   109 MB
node2   0.1.0     legacy    -     live      2026-12-01T02:36:38.352Z      8          2   never           1   114 MB`,
      },
      {
        says: 'A write that awaits its confirmation',
        marks: ['cluster'],
        command: 'kubectl npm status --node node2',
        prints: `NODE    VERSION   BACKEND   NPM   CLUSTER   AS OF                      PODS   POLICIES   WRITTEN …   CLIENTS   MEMORY
node2   0.1.0     legacy    -     live      2026-12-01T02:58:28.697Z      9          2   unconfirmed, back in 8 s         1   108 MB
node node2: write 0001-20261201T025856Z of JTI=… awaits its confirmation; the node goes back by itself in 8 s. Keep it: kubectl npm confirm --node node2`,
      },
      {
        says: 'Columns that you choose',
        marks: ['cluster'],
        command: 'kubectl npm status -o custom-columns=NODE:.node,BACKEND:.backend,POLICIES:.knowledge.policies',
        prints: `NODE    BACKEND   POLICIES
node1   nft       2
node2   legacy    2`,
      },
    ],
    programs: [
      {
        says: '',
        marks: ['cluster'],
        command: `kubectl npm status -o json | jq -r '.kind, (.items[] | [.node, .version] | @tsv)'`,
        prints: 'AgentStatusList\nnode1\t0.1.0\nnode2\t0.1.0',
      },
    ],
  },
  top: {
    more: ['top.md'],
    examples: [
      {says: 'The last moment of a recording', command: `kubectl npm top ${RECORDING} --once`},
      {says: 'By new connections', command: `kubectl npm top ${RECORDING} --once --sort-by new`, lines: 5},
      {says: 'Without a header, for other programs', command: `kubectl npm top ${RECORDING} --once --no-headers | grep Egress`},
    ],
    programs: [`kubectl npm top ${RECORDING} --once -o json | jq -r '.kind, .node, .at, (.dropsPerSecond | round)'`],
  },
  trace: {
    examples: [
      {
        says: 'A packet is dropped, although the policies allow it',
        command: `kubectl npm trace storefront/till-0 bakery/oven-1 --port 8080 --from ${NODES}`,
        lines: 8,
      },
      {
        says: 'From outside, to a port by its name',
        command: `kubectl npm trace external bakery/oven-0 --port ui --from ${NODE}`,
        lines: 6,
      },
      {
        says: 'Of objects alone: what the policies mean, and what Azure NPM will do',
        command: `kubectl npm trace lab/taster-0 bakery/oven-0 --port 8080 --from ${CLUSTER}`,
      },
    ],
    programs: [
      `kubectl npm trace storefront/till-0 bakery/oven-1 --port 8080 --from ${NODES} -o json | jq -r '.kind, .verdict, .expected.verdict'`,
    ],
  },
  translate: {
    examples: [
      {says: 'One policy, in words', command: `kubectl npm translate ${NODES} --node aks-oven-0 --policy bakery/oven`},
      {
        says: 'The rules as they are, with names in place of hashes',
        command: `kubectl npm translate ${NODE} -o iptables --policy lab/taster | tail -1`,
      },
      {says: 'What uses a set', command: `kubectl npm translate ${NODE} --set app=till`, lines: 12},
    ],
    programs: [
      `kubectl npm translate ${NODE} -o json | jq -r '.kind, (.policies[:3][] | [.policy, .direction, (.rules | length)] | @tsv)'`,
    ],
  },
  uninstall: {
    more: ['rights.md'],
    examples: [
      {
        says: 'What it would remove, where nobody can be asked',
        marks: ['cluster'],
        command: 'kubectl npm uninstall',
        prints: `This removes Namespace kubectl-npm with all in it, Namespace kubectl-npm-node with all in it, ClusterRoleBinding kubectl-npm-agent, ClusterRole kubectl-npm-agent, Role kube-system/kubectl-npm-log-reader, Role kube-system/kubectl-npm-viewer.
error: there is no terminal to ask on
  Say --yes to go on without being asked.`,
      },
      {
        says: 'All that install made',
        marks: ['cluster'],
        command: 'kubectl npm uninstall --yes',
        prints: `DaemonSet kubectl-npm/npm-relay removed
DaemonSet kubectl-npm-node/npm-agent removed
Namespace kubectl-npm removed
Namespace kubectl-npm-node removed
waiting for Namespace kubectl-npm, Namespace kubectl-npm-node
ClusterRoleBinding kubectl-npm-agent removed
ClusterRole kubectl-npm-agent removed
Role kube-system/kubectl-npm-log-reader removed
Role kube-system/kubectl-npm-viewer removed
RoleBinding kube-system/viewer names a role that is gone now; it was made by others: kubectl delete rolebinding -n kube-system viewer`,
      },
      {
        says: 'Where nothing is left',
        marks: ['cluster'],
        command: 'kubectl npm uninstall --yes; echo $?',
        prints: `Nothing of kubectl npm is in this cluster.
0`,
      },
    ],
  },
  verify: {
    more: ['verify.md'],
    examples: [
      {says: 'A node that judges a packet otherwise', command: `kubectl npm verify ${NODES} --node aks-oven-1`, lines: 9},
      {
        says: 'Held to what Azure NPM would program, faults included',
        command: `kubectl npm verify ${NODES} --node aks-oven-0 --against program`,
        lines: 1,
      },
      {says: 'All nodes of a dump, one line each', command: 'kubectl npm verify examples/shop | grep ^node'},
    ],
    programs: [
      `kubectl npm verify ${NODES} -o json | jq -r '.kind, (.items[] | [.node, .result] | @tsv)'`,
      `kubectl npm verify ${NODES} -o json | jq -r '.items[].counterexamples[].cause'`,
    ],
  },
  version: {
    examples: [
      {says: 'Of this program', command: 'kubectl npm version --client', prints: 'kubectl npm … (Node.js …)\n…'},
      {
        says: 'And of the agents of a cluster',
        marks: ['cluster'],
        command: 'kubectl npm version',
        prints: `kubectl npm 0.1.0 (Node.js 26.10.0)
installed   a bundle: …/dist
upgrade     put a newer bundle in its place
agents      0.1.0 on node1, node2`,
      },
      {
        says: 'Versions of agents alone, each once',
        marks: ['cluster'],
        command: `kubectl npm version -o jsonpath='{range .agents[*]}{.version}{"\\n"}{end}' | sort -u`,
        prints: '0.1.0',
      },
    ],
    programs: [`kubectl npm version --client -o json | jq -r '.kind, .agents'`],
  },
}
