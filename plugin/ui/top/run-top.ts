import {setTimeout as sleep} from 'node:timers/promises'
import type {Theme} from '../../../core/top/state.ts'
import {hold} from '../../cleanup/interruption.ts'
import type {LiveSource} from '../../live/live-source.ts'
import {clockText} from './clock-text.ts'
import {glyphsOf} from './glyphs.ts'
import {Screen} from './screen.ts'
import {type Size, TopSession} from './session.ts'

export interface TopOptions {
  readonly intervalMs: number
  readonly theme: Theme
  readonly isAscii: boolean
  /** The node to begin with, where there is only one to look at. */
  readonly node?: string
}

const TICK_MS = 1000

/**
 * Shows the screen until the person quits or `given` is aborted, also while the source is still being opened. The terminal is as before then,
 * also when this process is ended by a signal or by an error.
 *
 * @throws what the source throws
 */
export async function runTop(source: LiveSource, {isAscii, ...options}: TopOptions, given: AbortSignal): Promise<void> {
  const end = new AbortController()
  const signal = AbortSignal.any([given, end.signal])
  let yamlOf = (_document: unknown): readonly string[] => []
  const session = new TopSession(
    source,
    {
      ...options,
      glyphs: glyphsOf(isAscii),
      now: Date.now,
      clock: clockText,
      yamlOf: document => yamlOf(document),
    },
    signal,
  )
  const screen = new Screen(session, async () => {
    ;({yamlLines: yamlOf} = await import('./yaml-lines.ts'))
  })
  await using _held = hold(screen.close)
  // What Node says of an error must not vanish with the screen.
  process.on('uncaughtExceptionMonitor', screen.close)
  try {
    const stop = session.subscribe(() => {
      if (session.state.isOver) end.abort()
      screen.update()
    })
    const {opening} = source
    opening?.onSaid(text => screen.stepAside(text, opening.done))
    const playing = source.recorded ? play(session, screen.size, signal) : tick(session, signal)
    const following = source.recorded ? Promise.resolve() : follow(source, session, signal, () => void screen.readKeys())
    await Promise.race([following.then(() => untilAborted(signal)), screen.failed, playing])
    stop()
  } finally {
    end.abort()
    screen.close()
    process.off('uncaughtExceptionMonitor', screen.close)
  }
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), {once: true})
  })

/** Takes what the source gives. Its end is not that of the screen: what a dump holds stays to be looked at. */
async function follow(source: LiveSource, session: TopSession, signal: AbortSignal, onCome: () => void): Promise<void> {
  try {
    for await (const event of source.events(signal, nodes => session.found(nodes))) {
      session.take(event)
      onCome()
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

async function tick(session: TopSession, signal: AbortSignal): Promise<void> {
  while (await slept(TICK_MS, signal)) session.tick()
}

/** Goes on in a recording, as fast as the person has set it. */
async function play(session: TopSession, size: () => Size, signal: AbortSignal): Promise<void> {
  while (await slept(session.state.intervalMs, signal)) session.act({do: 'play'}, size())
}

const slept = (ms: number, signal: AbortSignal): Promise<boolean> => sleep(ms, true, {signal}).catch(() => false)
