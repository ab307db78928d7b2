/** What the help says, in lines of text; a key stands before each. */
const keys: readonly (readonly [string, string])[] = [
  ['up down j k', 'select a row; page up and down, g G: first and last'],
  ['enter', 'look into it; esc: back'],
  ['1 to 5, tab', 'the pages beside this one'],
  ['/', 'show rows with a text; !text: without it; /a|b/: a regular expression; esc: all again'],
  ['s S', 'sort by the next column; turn the order round'],
  ['d', 'what on this node is not as the policies ask, and how to repair it'],
  ['e', 'what has happened on all nodes'],
  ['y', 'all that is known of the row, as YAML'],
  ['r', 'compare, or read the members of a set, again'],
  ['p space', 'pause; nothing is lost meanwhile'],
  ['+ -', 'more, or less, time between samples'],
  ['left right', 'one step back or on, in a recording'],
  ['t', 'other colours'],
  ['m', 'leave the mouse to the terminal, to mark text with it; again: back'],
  ['ctrl-z', 'to the shell; fg: back'],
  ['q', 'quit'],
]

const counters: readonly string[] = [
  'What the numbers mean',
  '  New connections: a rule of Azure NPM sees the first packet of a connection. What follows is not counted.',
  '  Drops: every packet that a drop rule dropped. A client that tries again is counted again.',
  '  Drops of a policy: packets that no rule of it allows, at most what the node drops; another policy may have allowed some.',
  '  Drops of a pod: those of the policies that select it. The kernel counts by rule, not by pod.',
  '  Rates are of the time between the last two samples; "-" stands for what is not known yet.',
]

const KEYS_WIDTH = 13

export const helpLines = (): string[] => [
  'Keys',
  ...keys.map(([key, does]) => `  ${key.padEnd(KEYS_WIDTH)}${does}`),
  '',
  ...counters,
]
