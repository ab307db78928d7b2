import {isSetName} from '../../names/kernel-name.ts'
import type {Addresses} from '../../renaming/addresses.ts'
import type {FreeText} from '../../renaming/free-text.ts'
import type {KernelNames} from '../../renaming/kernel-names.ts'
import {quotedEnd, wordEnd, wordStart} from '../ipset/tokenizer.ts'

/** The options of a member, and numbers. Anything else after a member is a comment. */
const MEMBER_WORD =
  /^(?:nomatch|timeout|packets|bytes|skbmark|skbprio|skbqueue|comment|\d+(?::\d+)?|0x[0-9a-f]+(?:\/0x[0-9a-f]+)?)$/

const PORT_NUMBER = /^(?:(?:tcp|udp|udplite|sctp|icmp|icmpv6|\d{1,3}):)?\d{1,5}(?:-\d{1,5})?(?:\/\d{1,3})?$/
/** Lines of `ipset list` without names. */
const HEAD_LINE = /^(?:Type|Revision|Size in memory|References|Number of entries|Members): ?[\w:,.]*\s*$/
const NAME = 'Name: '
const HEADER = 'Header: '

/** Rewrites what `ipset save` or `ipset list` printed, line by line. */
export class IpsetText {
  private readonly addresses: Addresses
  private readonly names: KernelNames
  private readonly freeText: FreeText

  constructor(addresses: Addresses, names: KernelNames, freeText: FreeText) {
    this.addresses = addresses
    this.names = names
    this.freeText = freeText
  }

  /** Rewrites one line of `ipset save`. */
  save(line: string): string {
    const isAdd = line.startsWith('add ')
    if (!isAdd && !line.startsWith('create ')) return this.freeText.rewrite(line)
    const at = wordStart(line, isAdd ? 4 : 7, line.length)
    const quotedAt = quotedEnd(line, at, line.length)
    const end = quotedAt ?? wordEnd(line, at, line.length)
    const name = quotedAt === undefined ? this.names.set(line.slice(at, end)) : `"${this.names.set(line.slice(at + 1, end - 1))}"`
    const head = line.slice(0, at) + name
    return head + (isAdd ? this.member(line.slice(end)) : this.header(line.slice(end)))
  }

  /** Rewrites one line of `ipset list`. */
  list(line: string): string {
    if (line.startsWith(NAME)) return NAME + this.names.set(line.slice(NAME.length).trimEnd())
    if (line.startsWith(HEADER)) return HEADER + this.header(line.slice(HEADER.length))
    return line === '' || HEAD_LINE.test(line) ? line : this.member(line)
  }

  /** The options of a set: ipset's own words, numbers, and the range of a bitmap. */
  private header(text: string): string {
    const words = text.split(' ')
    return words.map((word, index) => (words[index - 1] === 'range' ? this.part(word) : this.option(word))).join(' ')
  }

  private option(word: string): string {
    return /^(?:(?:hash|bitmap|list):[a-z,]+|[a-z]+|\d+|0x[0-9a-f]+|)$/.test(word) ? word : this.part(word)
  }

  /** A member and its options, blanks included. */
  private member(text: string): string {
    const at = wordStart(text, 0, text.length)
    const end = wordEnd(text, at, text.length)
    const rest = text.slice(end)
    return text.slice(0, at) + this.entry(text.slice(at, end)) + (rest === '' || rest === ' nomatch' ? rest : this.extra(rest))
  }

  private extra(text: string): string {
    return text.replaceAll(/"[^"]*"?|[^\s"]+/g, word => (MEMBER_WORD.test(word) ? word : this.freeText.rewrite(word)))
  }

  /** `10.0.0.1`, `10.0.0.0/8`, `10.0.0.1,tcp:80`, `azure-npm-1`, and members of sets that are not Azure NPM's. */
  private entry(entry: string): string {
    const address = this.addresses.map(entry)
    if (address !== undefined) return address
    if (isSetName(entry)) return this.names.set(entry)
    return entry
      .split(',')
      .map((part, index) => this.part(part, index > 0))
      .join(',')
  }

  private part(part: string, mayBePort = false): string {
    const address = this.addresses.map(part)
    if (address !== undefined) return address
    if (mayBePort && PORT_NUMBER.test(part)) return part
    return this.freeText.rewrite(part)
  }
}
