import type {Command} from '@oclif/core'
import type {Exits, Verb} from '../command.ts'

/** A verb as the list of verbs shows it. Its module is loaded only when it is called for. */
export interface VerbEntry {
  readonly summary: string
  /** What it is there for: the list of verbs has a heading for each. */
  readonly use: VerbUse
  readonly load: () => Promise<VerbClass>
}

export type VerbClass = Command.Class & {readonly exits: Exits; readonly answer: typeof Verb.answer}

/** Headings of the list of verbs, in its order. */
export const verbUses = {
  read: 'What a node does',
  live: 'What goes on now',
  check: 'Whether it is right',
  repair: 'Put it right',
  policies: 'Policies before they are applied',
  agents: 'Agents, and this program',
} as const

export type VerbUse = keyof typeof verbUses

/** Every verb of `kubectl npm`, by name. */
export const verbs: Readonly<Record<string, VerbEntry>> = {
  apply: {
    summary: 'Repairs a node in place: makes it what the policies ask for, with a way back',
    use: 'repair',
    load: async () => (await import('./apply.ts')).default,
  },
  compile: {
    summary: 'Prints the ipsets and iptables rules, or the HNS policies, that NetworkPolicies ask for',
    use: 'policies',
    load: async () => (await import('./compile.ts')).default,
  },
  completion: {
    summary: 'Lets the shell complete the words of this program',
    use: 'agents',
    load: async () => (await import('./completion.ts')).default,
  },
  confirm: {
    summary: 'Keeps a write that is taken back otherwise (apply --confirm-within)',
    use: 'repair',
    load: async () => (await import('./confirm.ts')).default,
  },
  describe: {
    summary: 'Tells all about one pod, address, service, namespace, node, policy or set',
    use: 'read',
    load: async () => (await import('./describe.ts')).default,
  },
  diff: {
    summary: 'Compares what the policies ask for with what is programmed on a node',
    use: 'check',
    load: async () => (await import('./diff.ts')).default,
  },
  dump: {
    summary: 'Keeps what nodes hold in a file, for later or for somebody else',
    use: 'read',
    load: async () => (await import('./dump.ts')).default,
  },
  flows: {
    summary: 'Lists connections that go on although the policies deny them',
    use: 'live',
    load: async () => (await import('./flows.ts')).default,
  },
  install: {
    summary: 'Puts the agents into a cluster, on all nodes or for a while on one',
    use: 'agents',
    load: async () => (await import('./install.ts')).default,
  },
  lint: {
    summary: 'Tells what in NetworkPolicies Azure NPM refuses, ignores or understands in another way',
    use: 'policies',
    load: async () => (await import('./lint.ts')).default,
  },
  matrix: {
    summary: 'Shows which pods may talk to which, for all pairs',
    use: 'read',
    load: async () => (await import('./matrix.ts')).default,
  },
  metrics: {
    summary: "Prints metrics of nodes: Azure NPM's own, and what it does not count",
    use: 'live',
    load: async () => (await import('./metrics.ts')).default,
  },
  policies: {
    summary: 'Lists policies over all nodes: in force or not, and what they count',
    use: 'check',
    load: async () => (await import('./policies.ts')).default,
  },
  resolve: {
    summary: 'Tells what a hashed set or chain name stands for, and how a name is hashed',
    use: 'read',
    load: async () => (await import('./resolve.ts')).default,
  },
  rollback: {
    summary: 'Returns a node to what it had before a write',
    use: 'repair',
    load: async () => (await import('./rollback.ts')).default,
  },
  sets: {
    summary: "Lists Azure NPM's ipsets with readable names and members",
    use: 'read',
    load: async () => (await import('./sets.ts')).default,
  },
  status: {
    summary: 'Shows the agents of a cluster, and what each knows',
    use: 'agents',
    load: async () => (await import('./status.ts')).default,
  },
  top: {
    summary: 'Shows what goes on on nodes, now: who is dropped, by which policy and rule',
    use: 'live',
    load: async () => (await import('./top.ts')).default,
  },
  trace: {
    summary: 'Shows whether a packet passes, and which rule and policy decide',
    use: 'read',
    load: async () => (await import('./trace.ts')).default,
  },
  translate: {
    summary: 'Shows what Azure NPM has programmed on a node, in words',
    use: 'read',
    load: async () => (await import('./translate.ts')).default,
  },
  uninstall: {
    summary: 'Removes the agents from a cluster, and all that install made',
    use: 'agents',
    load: async () => (await import('./uninstall.ts')).default,
  },
  verify: {
    summary: 'Proves that a node judges every packet as the policies say, or shows packets that it does not',
    use: 'check',
    load: async () => (await import('./verify.ts')).default,
  },
  version: {
    summary: 'Tells the versions of this program and of the agents',
    use: 'agents',
    load: async () => (await import('./version.ts')).default,
  },
}
