/** What went wrong between this process and the kernel. */
export class KernelError extends Error {
  /** As errno(3) numbers it, where the kernel said one. */
  readonly errno: number | undefined

  constructor(what: string, errno?: number) {
    super(errno === undefined ? what : `${what}: error ${errno}`)
    this.name = 'KernelError'
    this.errno = errno
  }
}
