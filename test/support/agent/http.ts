import {request} from 'node:https'
import type {Refusal} from '../../../core/contract/agent.ts'

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** One HTTPS request to a port of the loopback, or to a unix socket. */
export function ask(
  at: number | string,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const to = typeof at === 'string' ? {socketPath: at} : {host: '127.0.0.1', port: at}
    const asked = request({...to, path, method, headers, rejectUnauthorized: false, agent: false}, response => {
      void response.toArray().then(parts => {
        const text = Buffer.concat(parts as Buffer[]).toString()
        resolve({status: response.statusCode ?? 0, headers: response.headers, text})
      }, reject)
    })
    asked.once('upgrade', (response, socket) => {
      socket.destroy()
      resolve({status: response.statusCode ?? 0, headers: response.headers, text: ''})
    })
    asked.once('error', reject).end()
  })
}

const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

/** Asks for a WebSocket. @returns the refusal, or undefined when it was opened */
export async function knock(at: number | string, token?: string): Promise<(Refusal & {readonly status: number}) | undefined> {
  const authorization = token === undefined ? {} : {authorization: `Bearer ${token}`}
  const {status, text} = await ask(at, '/', {...UPGRADE, ...authorization})
  return status === 101 ? undefined : {status, ...(JSON.parse(text) as Refusal)}
}
