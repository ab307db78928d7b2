import type {Renaming} from '../../renaming/renaming.ts'
import {IpsetText} from './ipset.ts'
import {IptablesText} from './iptables.ts'
import {RuleComments} from './rule-comments.ts'

/** What the tools of a Linux node print. */
export type LinuxText = 'iptables-save' | 'ip6tables-save' | 'ipset-save' | 'ipset-list'

/** Rewrites a line of a text. Every line stays a line, so places in the text stay. */
export type RewriteLine = (line: string) => string

/** How the lines of each text are rewritten with new names and addresses. */
export function linuxTextRedaction({words, addresses, names, freeText}: Renaming): Readonly<Record<LinuxText, RewriteLine>> {
  const comments = new RuleComments(names, freeText, words.renamer)
  const iptables = new IptablesText(words, addresses, names, comments, freeText)
  const ipset = new IpsetText(addresses, names, freeText)
  return {
    'iptables-save': line => iptables.rewrite(line),
    'ip6tables-save': line => iptables.rewrite(line),
    'ipset-save': line => ipset.save(line),
    'ipset-list': line => ipset.list(line),
  }
}
