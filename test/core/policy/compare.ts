/** A rule as iptables keeps it: comments are cut. */
export const kept = (rule: string): string =>
  rule.replace(/--comment "([^"]*)"/, (_, text: string) => `--comment "${text.slice(0, 255)}"`)
