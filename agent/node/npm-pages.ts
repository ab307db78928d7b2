import type {IncomingMessage} from 'node:http'
import {connect} from 'node:net'
import type {Problem} from '../../core/problem/problem.ts'
import type {Limits} from '../limits/limits.ts'
import type {DocumentReader} from './document-reader.ts'

/** Azure NPM's own pages: plain HTTP on every address of the node, without a password. */
export const NPM_PORT = 10091

const PROBE_MS = 500

/** Whether anything listens there. Where Azure NPM does not run, or without its metrics, nothing does: that is no fault. */
export function hasNpmPages(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({host: '127.0.0.1', port, timeout: PROBE_MS})
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })
}

/** Reads one page. What came before a failure is kept. */
export function npmPageReader(path: string, port: number, limits: Limits): DocumentReader {
  const url = `http://127.0.0.1:${port}${path}`
  return async function* read(signal) {
    const command = `GET ${url}`
    const failed = (why: string): {command: string; problems: Problem[]} => ({
      command,
      problems: [
        {
          code: 'TOOL_FAILED',
          message: `${url}: ${why}`,
          next: 'Azure NPM gives this page if its ConfigMap allows it (EnableHTTPDebugAPI, EnablePrometheusMetrics). All else was read without it.',
        },
      ],
    })
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(limits.npmPageMs)])
    let bytes = 0
    try {
      const response = await answer(url, deadline)
      if (response.statusCode !== 200) {
        response.destroy()
        return failed(`answered with status ${response.statusCode}`)
      }
      for await (const piece of response as AsyncIterable<Uint8Array>) {
        bytes += piece.length
        if (bytes > limits.npmPageBytes) return failed(`more than ${limits.npmPageBytes} bytes; the rest was not read`)
        yield piece
      }
      return {command, problems: []}
    } catch (error) {
      if (deadline.aborted && !signal.aborted) return failed(`no whole answer within ${limits.npmPageMs / 1000} s`)
      return failed(error instanceof Error ? error.message : String(error))
    }
  }
}

/** Most nodes are read without a page, and loading HTTP takes Node longer than asking whether anything listens. */
async function answer(url: string, signal: AbortSignal): Promise<IncomingMessage> {
  const {get} = await import('node:http')
  return new Promise((resolve, reject) => {
    get(url, {signal, agent: false}, resolve).once('error', reject)
  })
}
