import type {Addresses} from './addresses.ts'
import type {KernelNames} from './kernel-names.ts'
import {isPlainWord} from './plain-words.ts'
import type {Pseudonyms} from './pseudonyms.ts'
import {renameSet} from './rename-set.ts'
import type {Vocabulary} from './vocabulary.ts'

/** A set's name with its prefix, as comments and logs contain it. */
const SET_NAME = String.raw`\b(?:podlabel-|nslabel-|nestedlabel-|cidr-|ns-|namedport:)[A-Za-z0-9](?:[\w./:-]*[A-Za-z0-9])?`
const KERNEL_SET = String.raw`\bazure-npm-[0-9a-z]+`
const TIME = String.raw`\b\d{4}[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\w-])|\b\d\d:\d\d:\d\d(?:[.,]\d+)?(?![\w:])`
const IPV4 = String.raw`(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,3})?(?![\w])`
const WITH_COLONS = String.raw`(?<![\w:.])[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?:\/\d{1,3})?(?![\w])`
/** Letters of any language, so that a name in any script is found. */
const WORD = String.raw`[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}._-]*[\p{L}\p{N}\p{M}])?`

/** @param chainPrefixes at least one */
function tokensOf(chainPrefixes: readonly string[]): RegExp {
  const chain = String.raw`\b(?:${chainPrefixes.join('|')})-[A-Za-z0-9-]*[A-Za-z0-9]`
  return new RegExp(
    `(?<time>${TIME})|(?<kernelSet>${KERNEL_SET})|(?<chain>${chain})|(?<set>${SET_NAME})|(?<four>${IPV4})|(?<six>${WITH_COLONS})|(?<word>${WORD})`,
    'gu',
  )
}
const WORDS = new RegExp(WORD, 'gu')

/**
 * Rewrites text of unknown form: comments of other tools, logs, messages. Known names and addresses get their new ones. Of the
 * other words, only those stay that are known to say nothing of a cluster.
 */
export class FreeText {
  private readonly words: Pseudonyms
  private readonly addresses: Addresses
  private readonly names: KernelNames
  private readonly vocabulary: Vocabulary
  private readonly tokens: RegExp

  constructor(words: Pseudonyms, addresses: Addresses, names: KernelNames, vocabulary: Vocabulary) {
    this.words = words
    this.addresses = addresses
    this.names = names
    this.vocabulary = vocabulary
    this.tokens = tokensOf(names.chainPrefixes)
  }

  /** Rewrites one line, or any other piece of text. */
  rewrite(text: string): string {
    return text.replace(this.tokens, (...args: unknown[]) => {
      const token = args[0] as string
      const {time, kernelSet, chain, set, four, six} = args.at(-1) as Readonly<Record<string, string | undefined>>
      if (time !== undefined) return token
      if (kernelSet !== undefined) return this.names.set(kernelSet)
      if (chain !== undefined) return this.names.chain(chain)
      if (set !== undefined) return this.setName(set)
      const address = four ?? six
      const mapped = address === undefined ? undefined : this.addresses.map(address)
      if (mapped !== undefined) return mapped
      return address === undefined ? this.word(token) : token.replace(WORDS, part => this.word(part))
    })
  }

  /** The new name of a set of NPM v2, which need not be in the dump. */
  setName(name: string): string {
    const scheme = name.includes(':in-ns:') || /^nestedlabel-[^:]*\/[^:]*:/.test(name) ? 'sha256' : 'fnv32a'
    return renameSet({name, generation: 'v2', scheme}, this.words.renamer, this.vocabulary)
  }

  /** The new name of a set of NPM v1, whose names have no prefix. */
  v1SetName(name: string): string {
    return renameSet({name, generation: 'v1', scheme: 'fnv32a'}, this.words.renamer, this.vocabulary)
  }

  private word(word: string): string {
    if (this.words.has(word)) return /^\d{1,6}$/.test(word) ? word : this.words.fake(word)
    return isPlainWord(word) ? word : this.words.fake(word)
  }
}
