import type {Page} from './page.ts'

/** What a person asks for. */
export type Action =
  | {readonly do: 'move'; readonly by: number}
  | {readonly do: 'turn'; readonly pages: number}
  | {readonly do: 'scroll'; readonly by: number}
  | {readonly do: 'select'; readonly row: string}
  | {readonly do: 'tab'; readonly to: number}
  | {readonly do: 'sort'; readonly column: string}
  | {readonly do: 'type'; readonly text: string}
  | {readonly do: 'go'; readonly page: Page}
  /** Of a recording, forwards or backwards; the person's own steps pause it. */
  | {readonly do: 'step'; readonly by: number}
  | {readonly do: 'play'}
  | {
      readonly do:
        | 'first'
        | 'last'
        | 'open'
        | 'back'
        | 'nextTab'
        | 'previousTab'
        | 'nextSort'
        | 'reverse'
        | 'filter'
        | 'erase'
        | 'eraseAll'
        | 'pause'
        | 'slower'
        | 'faster'
        | 'theme'
        | 'mouse'
        | 'refresh'
        | 'yaml'
        | 'differences'
        | 'help'
        | 'quit'
    }
