import type {Command} from '@oclif/core'

/** A verb as the list of verbs shows it. Its module is loaded only when it is called for. */
export interface VerbEntry {
  readonly summary: string
  readonly load: () => Promise<Command.Class>
}

/** Every verb of `kubectl npm`, by name. */
export const verbs: Readonly<Record<string, VerbEntry>> = {
  resolve: {
    summary: 'Tells what a hashed set or chain name stands for, and how a name is hashed',
    load: async () => (await import('./resolve.ts')).default,
  },
  sets: {
    summary: "Lists Azure NPM's ipsets with readable names and members",
    load: async () => (await import('./sets.ts')).default,
  },
  translate: {
    summary: 'Shows what Azure NPM has programmed on a node, in words',
    load: async () => (await import('./translate.ts')).default,
  },
}
