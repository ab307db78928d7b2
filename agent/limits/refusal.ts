import type {Refusal} from '../../core/contract/agent.ts'

/** The agent does not do what is asked; the refusal says why, and goes to the client as it is. */
export class RefusedError extends Error {
  readonly refusal: Refusal

  constructor(code: Refusal['code'], message: string, next: string) {
    super(message)
    this.name = 'RefusedError'
    this.refusal = {code, message, next}
  }
}

export const refused = (code: Refusal['code'], message: string, next: string): RefusedError =>
  new RefusedError(code, message, next)
