import type {Command} from '@oclif/core'

/** A verb as the list of verbs shows it. Its module is loaded only when it is called for. */
export interface VerbEntry {
  readonly summary: string
  readonly load: () => Promise<Command.Class>
}

/** Every verb of `kubectl npm`, by name. */
export const verbs: Readonly<Record<string, VerbEntry>> = {
  apply: {
    summary: 'Repairs a node in place: makes it what the policies ask for, with a way back',
    load: async () => (await import('./apply.ts')).default,
  },
  compile: {
    summary: 'Prints the ipsets and iptables rules that NetworkPolicies ask for',
    load: async () => (await import('./compile.ts')).default,
  },
  confirm: {
    summary: 'Keeps a write that is taken back otherwise (apply --confirm-within)',
    load: async () => (await import('./confirm.ts')).default,
  },
  diff: {
    summary: 'Compares what the policies ask for with what is programmed on a node',
    load: async () => (await import('./diff.ts')).default,
  },
  dump: {
    summary: 'Keeps what nodes hold in a file, for later or for somebody else',
    load: async () => (await import('./dump.ts')).default,
  },
  flows: {
    summary: 'Lists connections that go on although the policies deny them',
    load: async () => (await import('./flows.ts')).default,
  },
  install: {
    summary: 'Puts the agents into a cluster, on all nodes or for a while on one',
    load: async () => (await import('./install.ts')).default,
  },
  lint: {
    summary: 'Tells what in NetworkPolicies Azure NPM refuses, ignores or understands in another way',
    load: async () => (await import('./lint.ts')).default,
  },
  matrix: {
    summary: 'Shows which pods may talk to which, for all pairs',
    load: async () => (await import('./matrix.ts')).default,
  },
  metrics: {
    summary: "Prints a node's metrics: Azure NPM's own, and what it does not count",
    load: async () => (await import('./metrics.ts')).default,
  },
  policies: {
    summary: 'Lists policies over all nodes: in force or not, and what they count',
    load: async () => (await import('./policies.ts')).default,
  },
  resolve: {
    summary: 'Tells what a hashed set or chain name stands for, and how a name is hashed',
    load: async () => (await import('./resolve.ts')).default,
  },
  rollback: {
    summary: 'Returns a node to what it had before a write',
    load: async () => (await import('./rollback.ts')).default,
  },
  sets: {
    summary: "Lists Azure NPM's ipsets with readable names and members",
    load: async () => (await import('./sets.ts')).default,
  },
  status: {
    summary: 'Shows the agents of a cluster, and what each knows',
    load: async () => (await import('./status.ts')).default,
  },
  top: {
    summary: 'Shows what goes on on nodes, now: who is dropped, by which policy and rule',
    load: async () => (await import('./top.ts')).default,
  },
  trace: {
    summary: 'Shows whether a packet passes, and which rule and policy decide',
    load: async () => (await import('./trace.ts')).default,
  },
  translate: {
    summary: 'Shows what Azure NPM has programmed on a node, in words',
    load: async () => (await import('./translate.ts')).default,
  },
  uninstall: {
    summary: 'Removes the agents from a cluster, and all that install made',
    load: async () => (await import('./uninstall.ts')).default,
  },
  verify: {
    summary: 'Proves that a node judges every packet as the policies say, or shows packets that it does not',
    load: async () => (await import('./verify.ts')).default,
  },
}
