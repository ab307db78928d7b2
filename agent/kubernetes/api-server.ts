export {ApiServerError} from './api-server-error.ts'

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
  /**
   * The lines of an answer that goes on, such as a watch. Nothing is read ahead of who takes them.
   *
   * @param onOpen called when the server has taken the request, which may be long before the first line
   * @throws what the others throw, also when the connection breaks in the middle
   */
  lines(path: string, signal: AbortSignal, onOpen?: () => void): AsyncIterable<string>
}
