import {render, useApp, useInput} from 'ink'
import {createElement, useEffect} from 'react'
import type {NamedKey} from './keys.state.ts'
import type {TerminalInput} from './terminal-input.ts'

/** Gives the terminal back while some work is done, and takes it again. */
export type LendTerminal = (work: () => Promise<void>) => Promise<void>

export interface InkKeys {
  readonly lend: LendTerminal
  readonly close: () => void
}

/** Reads keys of a terminal. Ink draws nothing here: see `Rows`. @param onKey as `useInput` of Ink has it */
export function openInkKeys(stdin: TerminalInput, onKey: (input: string, key: NamedKey) => void): Promise<InkKeys> {
  return new Promise(resolve => {
    const Keys = () => {
      const {suspendTerminal} = useApp()
      useInput(onKey)
      useEffect(() => resolve({lend: suspendTerminal, close: () => instance.unmount()}), [suspendTerminal])
      return null
    }
    const instance = render(createElement(Keys), {
      stdin: stdin as unknown as NodeJS.ReadStream,
      exitOnCtrlC: false,
      interactive: true,
    })
  })
}
