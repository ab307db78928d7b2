import {type ReadAccess, readAccessInPod} from './access.ts'
import {readAccessFromFile} from './kubeconfig.ts'
import {Requests} from './requests.ts'

/** What the agent asks of the API server. Paths come with their query and begin with `/`; answers are JSON. */
export interface ApiServer {
  /**
   * @returns the answer, parsed
   * @throws ApiServerError for every failure, but the signal's own reason when it was aborted
   */
  get(path: string, signal?: AbortSignal): Promise<unknown>
  /**
   * Sends JSON. It is sent once more when the credentials turn out to be old, or a kept connection to be closed: for
   * reviews, which store nothing.
   */
  post(path: string, body: unknown, signal?: AbortSignal): Promise<unknown>
  /** The lines of an answer that goes on, such as a watch. Nothing is read ahead of who takes them. Ends by throwing or at the answer's end. */
  lines(path: string, signal: AbortSignal): AsyncIterable<string>
}

/** The API server refused, or did not answer. */
export class ApiServerError extends Error {
  /** The HTTP status; 0 when there was no whole answer. */
  readonly status: number
  /** Of the server: `Forbidden`, `Expired`. Of the connection: `ECONNREFUSED`, `TIMEOUT`, `TOO_LARGE`, `BAD_ANSWER`. */
  readonly reason?: string

  constructor(status: number, message: string, reason?: string) {
    super(message)
    this.name = 'ApiServerError'
    this.status = status
    if (reason !== undefined) this.reason = reason
  }
}

/**
 * Connects lazily: nothing is sent before the first request. Connections are kept, and do not keep the process alive
 * when idle.
 *
 * @param options.kubeconfig a file; without it the service account of the pod is used
 * @throws InputError when there is neither, or a file says what is not understood
 */
export async function openApiServer(options: {readonly kubeconfig?: string | undefined} = {}): Promise<ApiServer> {
  const {kubeconfig} = options
  return connect(kubeconfig === undefined ? readAccessInPod() : readAccessFromFile(kubeconfig))
}

/** @param read reads server and credentials from where they are; called again, because they change while the agent runs */
export async function connect(read: ReadAccess, now: () => number = Date.now): Promise<ApiServer> {
  return new Requests(read, await read(), now)
}
