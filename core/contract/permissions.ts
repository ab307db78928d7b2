/** One right that `install` needs or gives, and why it is needed: an item of the document of kind `Permissions`. */
export interface Permission {
  /** Who has it. */
  readonly who:
    | 'agent'
    | 'relay'
    | 'npm-viewer'
    | 'npm-operator'
    | 'reader'
    | 'operator'
    | 'log reader'
    | 'own rights'
    | 'scraper'
    | 'installer'
  /** `cluster`, `node`, or a namespace. */
  readonly where: string
  /** The role of the manifests that has it; undefined for what is not a right of RBAC, for rights of one's own, and for whoever installs. */
  readonly role?: string
  readonly verbs: readonly string[]
  readonly group: string
  /** As RBAC writes it; for `node` what the container has. */
  readonly resource: string
  /** Only these, by name. */
  readonly names?: readonly string[]
  readonly why: string
}
