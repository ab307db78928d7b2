import {type Match, type PortRange, type Target, WHOLE_MARK} from './model.ts'
import {Words} from './tokenizer.ts'

/** The part of a rule after `-A CHAIN`. `fault` locates damaged text; the damaged part becomes a match without a module. */
export interface RuleBody {
  readonly matches: Match[]
  readonly target: Target | undefined
  readonly fault: {readonly at: number; readonly message: string} | undefined
  /** As `iptables -v -S` prints them, behind the conditions. */
  readonly counters?: {readonly packets: number; readonly bytes: number}
}

const letter = (character: string): number => character.charCodeAt(0)
const [A_MODULE, A_JUMP, A_GOTO, A_PROTOCOL, A_SOURCE, A_DESTINATION, A_IN, A_OUT, A_FRAGMENT, A_COUNTERS] = Array.from(
  'mjgpsdiofc',
  letter,
)

class RuleFault extends Error {
  readonly at: number
  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

/**
 * Parses the matches and the target of one rule. Never throws for damaged text.
 *
 * @param text  the text that contains the rule's line
 * @param start offset after `-A CHAIN`
 * @param end   offset of the end of the line
 * @param isChain whether a name after `-j` is a user-defined chain; any other name is a verdict or a target extension
 * @returns `fault` holds the first damage found, with its offset in `text`
 */
export function parseRuleBody(text: string, start: number, end: number, isChain: (name: string) => boolean): RuleBody {
  const words = new Words(text, start, end)
  const matches: Match[] = []
  let target: Target | undefined
  let fault: RuleBody['fault']
  let counters: RuleBody['counters']
  while (!words.isDone) {
    if (words.shortOption() === A_COUNTERS) {
      words.skip()
      counters = {packets: Number(words.next()), bytes: Number(words.next())}
      continue
    }
    const part = words.at
    const count = matches.length
    try {
      const read = readPart(words, matches, isChain)
      if (words.isUnclosed) throw new RuleFault(end, 'a quote is not closed')
      target = read ?? target
    } catch (error) {
      if (!(error instanceof RuleFault)) throw error
      fault ??= {at: error.at, message: error.message}
      matches.length = count
      words.at = part
      matches.push({kind: 'extension', module: '', options: skipPart(words)})
    }
  }
  // V8 reserves room for 17 elements in an array that is pushed to. Rules are kept, so keep a copy of the exact size.
  return counters ? {matches: matches.slice(), target, fault, counters} : {matches: matches.slice(), target, fault}
}

/** Skips a damaged option, up to the next readable one. Returns the skipped text. */
function skipPart(words: Words): string {
  const start = words.at
  if (words.isNegation()) words.skip()
  words.skip()
  skipOptions(words)
  return words.text.slice(start, words.at).trimEnd()
}

/** Reads one option with its values. Returns the target if the option is one. */
function readPart(words: Words, matches: Match[], isChain: (name: string) => boolean): Target | undefined {
  const negated = words.isNegation()
  if (negated) words.skip()
  const at = words.at
  switch (words.shortOption()) {
    case A_MODULE:
      if (negated) throw negatedOption(at)
      words.skip()
      readModule(words, matches)
      return undefined
    case A_JUMP:
      if (negated) throw negatedOption(at)
      words.skip()
      return readTarget(words, isChain)
    case A_GOTO:
      if (negated) throw negatedOption(at)
      words.skip()
      return {kind: 'jump', chain: value(words), goto: true}
    case A_PROTOCOL:
      words.skip()
      matches.push({kind: 'protocol', protocol: value(words).toLowerCase(), negated})
      return undefined
    case A_SOURCE:
      words.skip()
      matches.push({kind: 'address', side: 'src', block: value(words), negated})
      return undefined
    case A_DESTINATION:
      words.skip()
      matches.push({kind: 'address', side: 'dst', block: value(words), negated})
      return undefined
    case A_IN:
      words.skip()
      matches.push({kind: 'interface', side: 'in', name: value(words), negated})
      return undefined
    case A_OUT:
      words.skip()
      matches.push({kind: 'interface', side: 'out', name: value(words), negated})
      return undefined
  }
  const option = words.next()
  // Rules written by hand may say `-p TCP --dport 80`: iptables loads the protocol's match module itself.
  if (option === '--dport' || option === '--sport') {
    const protocol = matches.findLast(match => match.kind === 'protocol')?.protocol ?? ''
    const side = option === '--dport' ? 'destination' : 'source'
    matches.push({kind: 'ports', protocol, [side]: portRange(words, negated)})
    return undefined
  }
  if (option === '-f' || option === '--fragment') {
    matches.push({kind: 'extension', module: 'fragment', options: negated ? '! -f' : '-f'})
    return undefined
  }
  throw new RuleFault(at, `"${option}" belongs to no match or target`)
}

const negatedOption = (at: number) => new RuleFault(at, '"!" cannot stand before a module or a target')

function value(words: Words): string {
  if (words.isDone) throw new RuleFault(words.end, 'the line ends where a value should stand')
  return words.next()
}

/** Reads a match after `-m`. Modules and options that have no kind of their own become an extension, which keeps their text. */
function readModule(words: Words, matches: Match[]): void {
  const module = value(words)
  const start = words.at
  const match = readKnownModule(module, words)
  if (match && isEndOfOptions(words)) {
    matches.push(match)
    return
  }
  words.at = start
  matches.push({kind: 'extension', module, options: skipOptions(words)})
}

function readKnownModule(module: string, words: Words): Match | undefined {
  if (module === 'tcp' || module === 'udp' || module === 'sctp') return readPorts(module, words)
  const negated = words.isNegation()
  if (negated) words.skip()
  switch (module) {
    case 'set': {
      if (words.next() !== '--match-set') return undefined
      const set = value(words)
      return {kind: 'set', set, sides: value(words), negated}
    }
    case 'comment':
      return words.next() === '--comment' && !negated ? {kind: 'comment', text: value(words)} : undefined
    case 'mark': {
      if (words.next() !== '--mark') return undefined
      const mark = markAndMask(value(words))
      return mark && {kind: 'mark', ...mark, negated}
    }
    case 'conntrack':
      return words.next() === '--ctstate' ? {kind: 'state', module, states: value(words), negated} : undefined
    case 'state':
      return words.next() === '--state' ? {kind: 'state', module, states: value(words), negated} : undefined
    default:
      return undefined
  }
}

function readPorts(protocol: string, words: Words): Match | undefined {
  let source: PortRange | undefined
  let destination: PortRange | undefined
  while (!isEndOfOptions(words)) {
    const negated = words.isNegation()
    if (negated) words.skip()
    const option = words.next()
    if (option === '--dport') destination = portRange(words, negated)
    else if (option === '--sport') source = portRange(words, negated)
    else return undefined
  }
  // Most rules have ports, and object spread would cost more than parsing them.
  if (source && destination) return {kind: 'ports', protocol, source, destination}
  if (destination) return {kind: 'ports', protocol, destination}
  return source ? {kind: 'ports', protocol, source} : {kind: 'ports', protocol}
}

const LAST_PORT = 65535

/** Parses `80`, `80:90`, `:90` or `80:`, the forms that iptables accepts and prints. */
function portRange(words: Words, negated: boolean): PortRange {
  const at = words.at
  const text = value(words)
  const colon = text.indexOf(':')
  const from = colon < 0 ? port(text) : port(text.slice(0, colon) || '0')
  const to = colon < 0 ? from : port(text.slice(colon + 1) || String(LAST_PORT))
  if (from === undefined || to === undefined) throw new RuleFault(at, `"${text}" is no port or range of ports`)
  return {from, to, negated}
}

function port(text: string): number | undefined {
  const number = Number(text)
  return text !== '' && Number.isInteger(number) && number >= 0 && number <= LAST_PORT ? number : undefined
}

function markAndMask(text: string): {value: number; mask: number} | undefined {
  const slash = text.indexOf('/')
  const mark = word32(slash < 0 ? text : text.slice(0, slash))
  const mask = slash < 0 ? WHOLE_MARK : word32(text.slice(slash + 1))
  return mark === undefined || mask === undefined ? undefined : {value: mark, mask}
}

function word32(text: string): number | undefined {
  const number = Number(text)
  return text !== '' && Number.isInteger(number) && number >= 0 && number <= WHOLE_MARK ? number : undefined
}

function readTarget(words: Words, isChain: (name: string) => boolean): Target {
  const name = value(words)
  if (isChain(name)) return {kind: 'jump', chain: name, goto: false}
  if (name === 'ACCEPT' || name === 'DROP' || name === 'RETURN') return {kind: 'verdict', verdict: name}
  const start = words.at
  if (name === 'MARK') {
    const mark = readMark(words)
    if (mark && isEndOfOptions(words)) return mark
    words.at = start
  }
  return {kind: 'extension', name, options: skipOptions(words)}
}

/** Converts each spelling to the kernel's one operation, mark = (mark & ~mask) ^ value. Source: iptables-extensions(8) MARK. */
function readMark(words: Words): Target | undefined {
  const option = words.next()
  const mark = words.isDone ? undefined : markAndMask(words.next())
  if (!mark) return undefined
  if (option === '--set-xmark') return {kind: 'mark', ...mark}
  if (option === '--set-mark') return {kind: 'mark', value: mark.value, mask: (mark.mask | mark.value) >>> 0}
  return undefined
}

/** Whether the next word ends a module's or target's own options. */
function isEndOfOptions(words: Words): boolean {
  if (words.isDone) return true
  if (words.isNegation()) {
    const start = words.at
    words.skip()
    const ends = isTopLevel(words)
    words.at = start
    return ends
  }
  return isTopLevel(words)
}

function isTopLevel(words: Words): boolean {
  switch (words.shortOption()) {
    case A_MODULE:
    case A_JUMP:
    case A_GOTO:
    case A_PROTOCOL:
    case A_SOURCE:
    case A_DESTINATION:
    case A_IN:
    case A_OUT:
    case A_FRAGMENT:
    case A_COUNTERS:
      return true
    default:
      return false
  }
}

function skipOptions(words: Words): string {
  const start = words.at
  let stop = start
  while (!isEndOfOptions(words)) {
    words.skip()
    stop = words.at
  }
  return words.text.slice(start, stop).trimEnd()
}
