/** How a tool ended. `missing`: there is no such program. Anything but `ok` comes with a sentence. */
export type ToolEnd = 'ok' | 'missing' | 'failed'

export interface ToolEnding {
  readonly command: string
  readonly end: ToolEnd
  /** Empty when the tool ended well. */
  readonly failure: string
  readonly durationMs: number
}
