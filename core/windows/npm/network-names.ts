/** Azure NPM looks at the network of one of these names, in this spelling. Source: section 3.1 of the reference of HNS. */
export const NETWORKS: ReadonlySet<string> = new Set(['azure', 'Calico'])
