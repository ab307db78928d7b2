import type {Action} from '../../../core/top/action.ts'

/** What Ink says of a key that has no character. */
export interface NamedKey {
  readonly upArrow?: boolean
  readonly downArrow?: boolean
  readonly leftArrow?: boolean
  readonly rightArrow?: boolean
  readonly pageUp?: boolean
  readonly pageDown?: boolean
  readonly home?: boolean
  readonly end?: boolean
  readonly return?: boolean
  readonly escape?: boolean
  readonly tab?: boolean
  readonly shift?: boolean
  readonly ctrl?: boolean
  readonly meta?: boolean
  readonly backspace?: boolean
  readonly delete?: boolean
}

/** Keys as k9s, less and top have them. */
const letters: Readonly<Record<string, Action>> = {
  j: {do: 'move', by: 1},
  k: {do: 'move', by: -1},
  g: {do: 'first'},
  G: {do: 'last'},
  b: {do: 'turn', pages: -1},
  f: {do: 'turn', pages: 1},
  l: {do: 'open'},
  h: {do: 'back'},
  '/': {do: 'filter'},
  s: {do: 'nextSort'},
  S: {do: 'reverse'},
  p: {do: 'pause'},
  ' ': {do: 'pause'},
  '+': {do: 'slower'},
  '=': {do: 'slower'},
  '-': {do: 'faster'},
  t: {do: 'theme'},
  m: {do: 'mouse'},
  y: {do: 'yaml'},
  d: {do: 'differences'},
  e: {do: 'go', page: {kind: 'events'}},
  r: {do: 'refresh'},
  '?': {do: 'help'},
  q: {do: 'quit'},
}

const controls: Readonly<Record<string, Action>> = {
  c: {do: 'quit'},
  d: {do: 'turn', pages: 1},
  f: {do: 'turn', pages: 1},
  u: {do: 'turn', pages: -1},
  b: {do: 'turn', pages: -1},
  n: {do: 'move', by: 1},
  p: {do: 'move', by: -1},
}

const ESCAPE = '\u001b'

/**
 * What keys ask for.
 *
 * @param input characters, several where they came at once: who holds a key down types faster than a screen is drawn
 * @param isTyping whether a filter is typed, so that characters are text
 */
export function actionsOf(input: string, key: NamedKey, isTyping: boolean): Action[] {
  // Escape and a key that comes at once behind it look like that key with Alt: where a line is slow they come together.
  if (key.meta && !key.escape) return [{do: 'back'}, ...actionsOf(input, {...key, meta: false}, false)]
  const named = namedAction(key)
  // Of two that come together Ink makes one key, with the second one as its character.
  if (named) return key.escape && input === ESCAPE ? [named, named] : [named]
  if (key.ctrl) {
    if (isTyping && input === 'u') return [{do: 'eraseAll'}]
    const action = controls[input]
    return action ? [action] : []
  }
  return typedActions(input, isTyping)
}

/** What characters ask for that came at once: the key that begins a filter makes text of what follows, up to the end of the line. */
function typedActions(input: string, isTypingFirst: boolean): Action[] {
  const actions: Action[] = []
  let isTyping = isTypingFirst
  let text = ''
  const endText = (): void => {
    if (text !== '') actions.push({do: 'type', text})
    text = ''
  }
  for (const character of input) {
    if (character === '\r' || character === '\n') {
      endText()
      actions.push({do: 'open'})
      isTyping = false
    } else if (isTyping) text += character.replace(/\p{Cc}/u, '')
    else {
      const digit = '123456789'.indexOf(character)
      const action = digit >= 0 ? ({do: 'tab', to: digit} as const) : letters[character]
      if (!action) continue
      actions.push(action)
      isTyping = action.do === 'filter'
    }
  }
  endText()
  return actions
}

function namedAction(key: NamedKey): Action | undefined {
  if (key.upArrow) return {do: 'move', by: -1}
  if (key.downArrow) return {do: 'move', by: 1}
  if (key.leftArrow) return {do: 'step', by: -1}
  if (key.rightArrow) return {do: 'step', by: 1}
  if (key.pageUp) return {do: 'turn', pages: -1}
  if (key.pageDown) return {do: 'turn', pages: 1}
  if (key.home) return {do: 'first'}
  if (key.end) return {do: 'last'}
  if (key.return) return {do: 'open'}
  if (key.escape) return {do: 'back'}
  if (key.tab) return {do: key.shift ? 'previousTab' : 'nextTab'}
  return key.backspace || key.delete ? {do: 'erase'} : undefined
}
