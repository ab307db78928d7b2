import type {ClusterNode} from './cluster-node.ts'

/** Rules of all tables and all sets of a node, line by line, without what changes by itself: counters, seeds of hash tables. */
export interface NodeContent {
  /** What names a chain or set of Azure NPM. */
  readonly npm: readonly string[]
  /** Everything else. */
  readonly others: readonly string[]
}

export async function contentOf(node: ClusterNode): Promise<NodeContent> {
  const rules = await node.run(`iptables-${node.backend}-save`, [])
  const sets = await node.run('ipset', ['save'])
  const ruleLines = rules.stdout.split('\n').filter(line => /^[-:*]/.test(line))
  // ipset lists sets and members in whatever order.
  const setLines = sets.stdout.split('\n').filter(Boolean).toSorted()
  const all = [
    ...ruleLines.map(line => line.replace(/\[\d+:\d+\]/, '')),
    ...setLines.map(line => line.replace(/ initval 0x[0-9a-f]+/, '')),
  ]
  const isNpm = (line: string): boolean => /AZURE-NPM|azure-npm-/.test(line)
  return {npm: all.filter(isNpm), others: all.filter(line => !isNpm(line))}
}

/** Runs iptables of a node's back end; kube-proxy writes rules too, so one waits for the other. */
const iptables = (node: ClusterNode, ...args: readonly string[]) => node.run(`iptables-${node.backend}`, ['-w', '60', ...args])

/** Takes all rules out of the chains that Azure NPM has for policies. */
export async function emptyPolicyChains(node: ClusterNode): Promise<void> {
  const {stdout} = await iptables(node, '-S')
  for (const [, chain = ''] of stdout.matchAll(/^-N (AZURE-NPM-INGRESS-(?!ALLOW-MARK)[0-9a-z]+)$/gm))
    await iptables(node, '-F', chain)
}

/** A set that holds an address and that a rule asks about senders. @throws Error when there is none */
export async function senderSetWith(node: ClusterNode, address: string): Promise<string> {
  const {stdout: rules} = await iptables(node, '-S')
  const asked = [...rules.matchAll(/--match-set (\S+) src/g)].map(([, set]) => set)
  const {stdout: sets} = await node.run('ipset', ['save'])
  const holding = [...sets.matchAll(/^add (\S+) (\S+)$/gm)].filter(([, , member]) => member === address)
  const [, found] = holding.find(([, set]) => asked.includes(set)) ?? []
  if (found === undefined) throw new Error(`no rule of ${node.name} asks for a set with ${address}`)
  return found
}
