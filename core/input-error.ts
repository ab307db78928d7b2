/** What stops an answer altogether: a person can do something about it, and `next` says what. Exit code 2. */
export class InputError extends Error {
  readonly next: string

  constructor(message: string, next: string) {
    super(message)
    this.name = 'InputError'
    this.next = next
  }
}
