import type {IncomingMessage} from 'node:http'

/**
 * The body of a response, as far as it comes and fits. For the answer to a request that is refused: a part of the reason is better than
 * none.
 *
 * @param limitBytes reading stops when there is more
 */
export async function readBody(response: IncomingMessage, limitBytes: number): Promise<string> {
  let body = ''
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      body += part.toString()
      if (body.length > limitBytes) break
    }
  } catch {
    // The connection broke; what has come is used.
  }
  return body
}
