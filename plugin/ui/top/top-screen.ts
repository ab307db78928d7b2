import {useApp, useInput, useWindowSize} from 'ink'
import {createElement, type ReactNode, useEffect, useSyncExternalStore} from 'react'
import type {TopSession} from './session.ts'
import {TopView} from './top-view.ts'

/** Gives the terminal back while some work is done, and takes it again. */
export type LendTerminal = (work: () => Promise<void>) => Promise<void>

export interface TopScreenProps {
  readonly session: TopSession
  /** Called when the screen is drawn first. */
  readonly onOpen: (lend: LendTerminal) => void
  /** The person wants the shell back for a while. */
  readonly onSuspend: () => void
}

/** Joins keys, size and session. */
export function TopScreen({session, onOpen, onSuspend}: TopScreenProps): ReactNode {
  const size = useWindowSize()
  const {suspendTerminal} = useApp()
  useEffect(() => onOpen(suspendTerminal), [onOpen, suspendTerminal])
  useSyncExternalStore(session.subscribe, session.currentVersion)
  useInput((input, key) => {
    if (key.ctrl && input === 'z') onSuspend()
    else session.input(input, key, size)
  })
  const {lines} = session.frame(size)
  return createElement(TopView, {lines, theme: session.state.theme, columns: size.columns})
}
