/** Files of a node in a dump. A dump by an older version lacks some. Apart from the schemas: a dump is read without their library. */
export const nodeDocuments = [
  'iptables-nft-save.txt',
  'iptables-legacy-save.txt',
  'ipset-save.txt',
  'ipset-list.txt',
  'conntrack-count.txt',
  'versions.txt',
  'npm-cache.json',
  'npm-node-metrics.txt',
  'npm-cluster-metrics.txt',
  'cluster.json',
] as const
export type NodeDocument = (typeof nodeDocuments)[number]
