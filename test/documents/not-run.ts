/** A command in a block that is not run from its page: what it prints there is held to the page by a test elsewhere, or it has a reason. */
export interface NotRun {
  readonly page: string
  /** All of its words. */
  readonly command: string
  /** Why no test runs it. */
  readonly reason?: string
  /** The test that runs it and compares what it prints, by page-output.ts: its file, and its name. */
  readonly heldBy?: {readonly file: string; readonly test: string}
}

const live = (test: string) => ({file: 'test/cluster/live.test.ts', test})
const apply = (test: string) => ({file: 'test/cluster/apply.test.ts', test})

export const notRun: readonly NotRun[] = [
  {page: 'docs/cluster.md', command: 'npm run cluster', reason: 'it goes on until Ctrl-C, and starts a cluster of its own'},
  {page: 'docs/install.md', command: 'kubectl npm install', heldBy: apply('installing says that all agents are ready')},
  {
    page: 'docs/install.md',
    command: 'kubectl npm diff',
    heldBy: live('a member taken away by hand on the legacy node is found from the laptop, and shows in the packets'),
  },
  {
    page: 'docs/use.md',
    command: 'kubectl npm apply --node aks-1 --policy storefront/till',
    reason: 'it asks a person on a terminal',
  },
  {
    page: 'docs/verbs/confirm.md',
    command: 'kubectl npm confirm --node node2',
    heldBy: apply('with its confirmation it stays'),
  },
  {
    page: 'docs/verbs/install.md',
    command: 'kubectl npm install --image registry.example.com/kubectl-npm/agent:0.1.0',
    heldBy: live('installing says what it makes'),
  },
  {
    page: 'docs/verbs/install.md',
    command: 'kubectl npm install --ephemeral --node node1 --for 10m',
    heldBy: live('ends by itself when the plugin is gone'),
  },
  {
    page: 'docs/verbs/rollback.md',
    command: 'kubectl npm rollback --node node2 --yes',
    heldBy: apply('rollback says what it has brought back'),
  },
  {
    page: 'docs/verbs/status.md',
    command: 'kubectl npm status --node node2',
    heldBy: apply('without its confirmation a write is taken back, also when whoever asked is gone'),
  },
  ...[
    'kubectl npm status',
    'kubectl npm status -o custom-columns=NODE:.node,BACKEND:.backend,POLICIES:.knowledge.policies',
    `kubectl npm status -o json | jq -r '.kind, (.items[] | [.node, .version] | @tsv)'`,
  ].map(command => ({page: 'docs/verbs/status.md', command, heldBy: live('status and version tell of every agent')})),
  ...['kubectl npm uninstall', 'kubectl npm uninstall --yes', 'kubectl npm uninstall --yes; echo $?'].map(command => ({
    page: 'docs/verbs/uninstall.md',
    command,
    heldBy: live('uninstalling leaves nothing'),
  })),
  ...['kubectl npm version', `kubectl npm version -o jsonpath='{range .agents[*]}{.version}{"\\n"}{end}' | sort -u`].map(
    command => ({page: 'docs/verbs/version.md', command, heldBy: live('status and version tell of every agent')}),
  ),
]
