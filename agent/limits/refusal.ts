import type {Refusal} from '../../core/contract/agent.ts'

/** The agent does not do what is asked. The refusal says why, and is sent to the client as it is. */
export class RefusedError extends Error {
  readonly refusal: Refusal

  constructor(code: Refusal['code'], message: string, next: string) {
    super(message)
    this.name = 'RefusedError'
    this.refusal = {code, message, next}
  }
}

/**
 * @param message what is refused, and why: one sentence without a full stop
 * @param next what the person can do
 */
export const refused = (code: Refusal['code'], message: string, next: string): RefusedError =>
  new RefusedError(code, message, next)
