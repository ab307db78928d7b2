import {useInput, useWindowSize} from 'ink'
import {createElement, type ReactNode, useSyncExternalStore} from 'react'
import type {TopSession} from './session.ts'
import {TopView} from './top-view.ts'

/** Joins keys, size and session. */
export function TopScreen({session}: {readonly session: TopSession}): ReactNode {
  const size = useWindowSize()
  useSyncExternalStore(session.subscribe, session.currentVersion)
  useInput((input, key) => session.input(input, key, size))
  const {lines} = session.frame(size)
  return createElement(TopView, {lines, theme: session.state.theme, columns: size.columns})
}
