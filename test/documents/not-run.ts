/** A command in a block that is not run from its page. */
export interface NotRun {
  readonly page: string
  /** How its line begins. */
  readonly command: string
  readonly reason: string
  /** The test that runs the same: its file, and its name. */
  readonly heldBy?: {readonly file: string; readonly test: string}
}

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
    reason: 'it needs a cluster',
    heldBy: {file: 'test/cluster/install.test.ts', test: 'every manifest is taken as it is written'},
  },
  {
    page: 'docs/install.md',
    command: 'kubectl npm diff',
    reason: 'it needs the agents of the command before',
  },
  {
    page: 'docs/use.md',
    command: 'kubectl npm apply --node aks-1 --policy storefront/till',
    reason: 'it needs an agent, and asks',
    heldBy: {file: 'test/cluster/apply.test.ts', test: 'broken nodes are repaired, and broken again by rollback'},
  },
]
