/** A command in a block that is not run from its page. */
export interface NotRun {
  readonly page: string
  /** How its line begins. */
  readonly command: string
  readonly reason: string
  /** The test that runs the same: its file, and its name. */
  readonly heldBy?: {readonly file: string; readonly test: string}
}

const CLUSTER = 'it needs a cluster'
const live = {file: 'test/cluster/live.test.ts', test: 'status tells of every agent'}

export const notRun: readonly NotRun[] = [
  {
    page: 'docs/cluster.md',
    command: 'npm run cluster',
    reason: 'it goes on until Ctrl-C',
    heldBy: {file: 'test/cluster/machinery-cluster.test.ts', test: 'carries packets between pods through FORWARD of both nodes'},
  },
  {
    page: 'docs/install.md',
    command: 'kubectl npm install',
    reason: CLUSTER,
    heldBy: {file: 'test/cluster/live.test.ts', test: 'installing again changes nothing'},
  },
  {
    page: 'docs/install.md',
    command: 'kubectl npm diff',
    reason: CLUSTER,
    heldBy: {file: 'test/cluster/live.test.ts', test: 'a member taken away by hand on the legacy node is found from the laptop'},
  },
  {
    page: 'docs/use.md',
    command: 'kubectl npm apply --node aks-1 --policy',
    reason: 'it asks a person on a terminal',
    heldBy: {file: 'test/cluster/apply.test.ts', test: 'broken nodes are repaired, and broken again by rollback'},
  },
  {
    page: 'docs/verbs/completion.md',
    command: 'kubectl npm completion',
    reason: 'what it prints depends on where the program is',
    heldBy: {file: 'test/plugin/commands/completion.test.ts', test: 'not on PATH'},
  },
  {
    page: 'docs/verbs/confirm.md',
    command: 'kubectl npm confirm --node',
    reason: CLUSTER,
    heldBy: {file: 'test/cluster/apply.test.ts', test: 'with its confirmation it stays'},
  },
  {
    page: 'docs/verbs/install.md',
    command: 'kubectl npm install --explain',
    reason: CLUSTER,
    heldBy: {file: 'test/cluster/install.test.ts', test: '--explain tells the rights of the manifests'},
  },
  {
    page: 'docs/verbs/install.md',
    command: 'kubectl npm install --image',
    reason: CLUSTER,
    heldBy: {file: 'test/cluster/live.test.ts', test: 'installing again changes nothing'},
  },
  {
    page: 'docs/verbs/install.md',
    command: 'kubectl npm install --ephemeral',
    reason: CLUSTER,
    heldBy: {file: 'test/cluster/live.test.ts', test: 'ends when its time is over, though it is used, and leaves nothing'},
  },
  {
    page: 'docs/verbs/rollback.md',
    command: 'kubectl npm rollback --node',
    reason: CLUSTER,
    heldBy: {file: 'test/cluster/apply.test.ts', test: 'broken nodes are repaired, and broken again by rollback'},
  },
  {page: 'docs/verbs/status.md', command: 'kubectl npm status', reason: CLUSTER, heldBy: live},
  {
    page: 'docs/verbs/uninstall.md',
    command: 'kubectl npm uninstall',
    reason: CLUSTER,
    heldBy: {file: 'test/cluster/live.test.ts', test: 'uninstalling leaves nothing'},
  },
  {page: 'docs/verbs/version.md', command: 'kubectl npm version', reason: CLUSTER, heldBy: live},
]
