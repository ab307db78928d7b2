/** What a file holds, told by its content; names of files prove nothing. */
export const documentKinds = [
  'iptables-save',
  'ip6tables-save',
  'ipset-save',
  'ipset-list',
  'restore',
  'json',
  'yaml',
  'npm-metrics',
  'empty',
  'binary',
  'other',
] as const
export type DocumentKind = (typeof documentKinds)[number]
