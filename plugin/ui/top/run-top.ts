import {setTimeout as sleep} from 'node:timers/promises'
import {render} from 'ink'
import {createElement} from 'react'
import {stringify} from 'yaml'
import type {Theme} from '../../../core/top/state.ts'
import {hold} from '../../cleanup/interruption.ts'
import type {LiveSource} from '../../live/live-source.ts'
import {glyphsOf} from './glyphs.ts'
import {JobControl} from './job-control.ts'
import {MOUSE_OFF, MOUSE_ON} from './mouse.state.ts'
import {TopSession} from './session.ts'
import {TerminalInput} from './terminal-input.ts'
import {type LendTerminal, TopScreen} from './top-screen.ts'

export interface TopOptions {
  readonly intervalMs: number
  readonly theme: Theme
  readonly isAscii: boolean
  /** The node to begin with, where there is only one to look at. */
  readonly node?: string
}

/** A person cannot follow more frames in a second. */
const MOST_FRAMES = 15
const TICK_MS = 1000

/**
 * Shows the screen until the person quits or `given` is aborted. The terminal is as before then, also when this process is ended by a signal
 * or by an error.
 *
 * @throws what the source throws
 */
export async function runTop(source: LiveSource, {isAscii, ...options}: TopOptions, given: AbortSignal): Promise<void> {
  const end = new AbortController()
  const signal = AbortSignal.any([given, end.signal])
  const session = new TopSession(
    source,
    {
      ...options,
      glyphs: glyphsOf(isAscii),
      now: Date.now,
      clock: ms => new Date(ms).toTimeString().slice(0, 8),
      yamlOf: document => stringify(document, {lineWidth: 0, aliasDuplicateObjects: false}).trimEnd().split('\n'),
    },
    signal,
  )
  const screen = openScreen(session)
  await using _held = hold(screen.close)
  // What Node says of an error must not vanish with the screen.
  process.on('uncaughtExceptionMonitor', screen.close)
  try {
    const stop = session.subscribe(() => {
      if (session.state.isOver) end.abort()
      screen.useMouse(session.state.hasMouse)
    })
    const playing = source.recorded ? play(session, screen.size, signal) : tick(session, signal)
    const following = source.recorded ? Promise.resolve() : follow(source, session, signal)
    await Promise.race([following.then(() => untilAborted(signal)), screen.failed, playing])
    stop()
  } finally {
    end.abort()
    screen.close()
    process.off('uncaughtExceptionMonitor', screen.close)
  }
}

interface Screen {
  readonly size: () => {readonly columns: number; readonly rows: number}
  readonly useMouse: (isUsed: boolean) => void
  /** Rejected when drawing fails. */
  readonly failed: Promise<never>
  /** Gives the terminal back as it was. May be called again. */
  readonly close: () => void
}

function openScreen(session: TopSession): Screen {
  const {stdout} = process
  let hasMouse = false
  let isOpen = true
  const jobs = new JobControl(() => useMouse(session.state.hasMouse))
  const useMouse = (isWanted: boolean): void => {
    const isUsed = isWanted && !jobs.isStopped
    if (isUsed === hasMouse || !isOpen) return
    hasMouse = isUsed
    stdout.write(isUsed ? MOUSE_ON : MOUSE_OFF)
  }
  const size = () => ({columns: stdout.columns, rows: stdout.rows})
  const input = new TerminalInput(process.stdin, sequence => session.mouse(sequence, size()))
  const onOpen = (lend: LendTerminal): void => {
    jobs.lend = lend
  }
  const screen = createElement(TopScreen, {session, onOpen, onSuspend: jobs.suspend})
  const instance = render(screen, {
    stdin: input,
    alternateScreen: true,
    exitOnCtrlC: false,
    incrementalRendering: true,
    interactive: true,
    maxFps: MOST_FRAMES,
  })
  useMouse(session.state.hasMouse)
  return {
    size,
    useMouse,
    failed: instance.waitUntilExit().then(() => new Promise<never>(() => {})),
    close: () => {
      if (!isOpen) return
      useMouse(false)
      isOpen = false
      jobs.close()
      instance.unmount()
      input.close()
    },
  }
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), {once: true})
  })

/** Takes what the source gives. Its end is not that of the screen: what a dump holds stays to be looked at. */
async function follow(source: LiveSource, session: TopSession, signal: AbortSignal): Promise<void> {
  try {
    for await (const event of source.events(signal)) session.take(event)
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

async function tick(session: TopSession, signal: AbortSignal): Promise<void> {
  while (await slept(TICK_MS, signal)) session.tick()
}

/** Goes on in a recording, as fast as the person has set it. */
async function play(session: TopSession, size: Screen['size'], signal: AbortSignal): Promise<void> {
  while (await slept(session.state.intervalMs, signal)) session.act({do: 'play'}, size())
}

const slept = (ms: number, signal: AbortSignal): Promise<boolean> => sleep(ms, true, {signal}).catch(() => false)
