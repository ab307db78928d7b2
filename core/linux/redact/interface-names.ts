/** Interfaces that have the same names on every node. In other names a hash of a pod's name follows the head. */
const KEPT =
  /^(?:lo|(?:eth|en[opsP]\w{0,6}|bond|br|docker|cni|cbr|azure|vxlan|tunl|wg|ens|dummy|kube-ipvs)\d{0,3}(?:\.\d{1,4})?|flannel\.\d|kube-bridge|cilium_\w+|vxlan\.calico|nodelocaldns)\+?$/
const HEAD = /^(?:azv|veth|cali|lxc|tap|tun|eni|vnet|gke|weave|ipvl)/

/**
 * The new name of an interface.
 *
 * @param name as in a rule: a plus sign at the end matches any further characters
 * @param word replaces the part that may name a pod
 */
export function renameInterface(name: string, word: (word: string) => string): string {
  if (KEPT.test(name) || name === '+' || name === '*') return name
  const plus = name.endsWith('+') ? '+' : ''
  const bare = name.slice(0, name.length - plus.length)
  const head = HEAD.exec(bare)?.[0] ?? ''
  const rest = bare.slice(head.length)
  return head + (rest === '' ? '' : word(rest)) + plus
}
