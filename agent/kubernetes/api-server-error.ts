/** The API server refused, or did not answer. */
export class ApiServerError extends Error {
  /** The HTTP status; 0 when there was no whole answer. */
  readonly status: number
  /** Of the server: `Forbidden`, `Expired`. Of the connection: `ECONNREFUSED`, `TIMEOUT`, `TOO_LARGE`, `BAD_ANSWER`. `ENDED`: a watch without any event. */
  readonly reason?: string

  constructor(status: number, message: string, reason?: string) {
    super(message)
    this.name = 'ApiServerError'
    this.status = status
    if (reason !== undefined) this.reason = reason
  }
}
