/** One change of a node: what a tool is told, and what it is told to take the change back. */
export interface Operation {
  /** The tool that reads the lines: `ipset` for `ipset restore`, `iptables` for `iptables-restore --noflush`, table filter. */
  readonly tool: 'ipset' | 'iptables'
  readonly line: string
  readonly undo: string
}
