/** What is done with each part of a name: replaced by another, or only noted. */
export interface Renamer {
  /** A namespace, a policy, a value of a label. */
  readonly word: (word: string) => string
  /** A label's key, with its prefix. */
  readonly key: (key: string) => string
  /** The name of a port. */
  readonly port: (name: string) => string
}

/** Renames both parts of a policy's name; a name without a namespace is one word. */
export function renamePolicy(policy: string, {word}: Renamer): string {
  const slash = policy.indexOf('/')
  return slash < 0 ? word(policy) : `${word(policy.slice(0, slash))}/${word(policy.slice(slash + 1))}`
}
