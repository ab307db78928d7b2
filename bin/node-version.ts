/** The oldest Node on which everything runs. Verbs that read dumps need less, and are not kept from running. */
const OLDEST_MAJOR = 24

/** Why this Node cannot do what is asked, or undefined. */
export function tooOldNode(): string | undefined {
  const major = Number(process.versions.node.split('.')[0])
  return major < OLDEST_MAJOR
    ? `running the node's tools needs Node ${OLDEST_MAJOR} or later; this is ${process.version}`
    : undefined
}
