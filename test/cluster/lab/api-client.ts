import {Agent, request} from 'node:https'

/** A few requests to the API server, as the machinery itself needs them; tests use kubectl or what they are about. */
export interface ApiClient extends Disposable {
  /**
   * @param path from the slash on, query included
   * @param body sent as JSON; `contentType` says which kind of patch it is
   * @returns the answer, parsed; a text such as that of /readyz as it is
   * @throws Error with the status and the API server's words for anything but 2xx
   */
  request<T = unknown>(method: string, path: string, body?: unknown, contentType?: string): Promise<T>
}

export interface ApiClientOptions {
  readonly url: string
  /** The CA's certificate, PEM. */
  readonly ca: string
  readonly token: string
}

const TIMEOUT_MS = 10_000

/** Opens nothing yet; at most `maxSockets` connections at once later. */
export function openApiClient({url, ca, token}: ApiClientOptions, maxSockets = 16): ApiClient {
  const agent = new Agent({ca, keepAlive: true, maxSockets})
  return {
    request: <T>(method: string, path: string, body?: unknown, contentType = 'application/json') =>
      new Promise<T>((resolve, reject) => {
        const headers = {authorization: `Bearer ${token}`, 'content-type': contentType}
        const sent = request(new URL(path, url), {method, agent, headers, timeout: TIMEOUT_MS}, response => {
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (part: string) => (text += part))
          response.on('error', reject)
          response.on('end', () => {
            const code = response.statusCode ?? 0
            if (code < 200 || code > 299) reject(new Error(`${method} ${path}: ${code}: ${text}`))
            else resolve(parsed(text, response.headers['content-type']) as T)
          })
        })
        sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer within ${TIMEOUT_MS / 1000} s`)))
        sent.on('error', reject)
        sent.end(body === undefined ? undefined : JSON.stringify(body))
      }),
    [Symbol.dispose]: () => agent.destroy(),
  }
}

const parsed = (text: string, type = ''): unknown => (type.startsWith('application/json') ? JSON.parse(text) : text)

/** Whether the API server is ready. Anybody may ask, and nothing depends on who answers, so its certificate is not looked at. */
export const isReady = (url: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const sent = request(new URL('/readyz', url), {rejectUnauthorized: false, agent: false, timeout: TIMEOUT_MS}, response => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    sent.on('timeout', () => sent.destroy(new Error('no answer')))
    sent.on('error', reject)
    sent.end()
  })
