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
]
