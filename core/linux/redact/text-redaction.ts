import type {RewriteLine} from '../../dataplane/redaction.ts'
import type {Renaming} from '../../renaming/renaming.ts'
import {IpsetText} from './ipset.ts'
import {IptablesText} from './iptables.ts'
import {RuleComments} from './rule-comments.ts'

/** By kind of text, how the lines that the tools of a Linux node print are rewritten. Lines keep their numbers. */
export function linuxTextRedaction({words, addresses, names, freeText}: Renaming): Readonly<Record<string, RewriteLine>> {
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
