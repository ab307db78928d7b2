import {Box, Text} from 'ink'
import {createElement, type ReactNode} from 'react'
import type {Theme} from '../../../core/top/state.ts'
import {type Line, paintLine} from './spans.ts'

/**
 * A frame as Ink draws it: lines that are laid out already. Written without JSX, so that Node runs the sources as they are.
 *
 * @param columns of the terminal: what is wider than Ink measures it is cut, and no line is broken
 */
export function TopView(props: {readonly lines: readonly Line[]; readonly theme: Theme; readonly columns: number}): ReactNode {
  const {lines, theme, columns} = props
  return createElement(
    Box,
    {flexDirection: 'column', width: columns, height: lines.length},
    // A place in the frame is what a line is: it has no other name.
    ...lines.map((line, row) => createElement(Text, {key: row, wrap: 'truncate'}, paintLine(line, theme) || ' ')),
  )
}
