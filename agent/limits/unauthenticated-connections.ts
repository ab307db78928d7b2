import type {Socket} from 'node:net'

/**
 * Connections whose peer has not signed in. Each has a deadline, and when there are too many the oldest is destroyed: a peer
 * that holds connections open cannot keep others out.
 */
export class UnauthenticatedConnections {
  /** Oldest first. */
  private readonly deadlines = new Map<Socket, NodeJS.Timeout>()
  private readonly most: number
  private readonly deadlineMs: number

  /**
   * @param most how many connections are kept at once
   * @param deadlineMs how long a peer has to sign in, from its connection on
   */
  constructor(most: number, deadlineMs: number) {
    this.most = most
    this.deadlineMs = deadlineMs
  }

  get size(): number {
    return this.deadlines.size
  }

  /** A peer has connected; its handshake is not over. */
  add(socket: Socket): void {
    const [oldest] = this.deadlines.keys()
    if (oldest && this.deadlines.size >= this.most) {
      // At once: its `close` comes later, and many peers may connect in one turn.
      this.forget(oldest)
      oldest.destroy()
    }
    this.deadlines.set(
      socket,
      setTimeout(() => socket.destroy(), this.deadlineMs),
    )
    socket.once('close', () => this.forget(socket))
  }

  /** The peer has signed in: its deadline is off. */
  accept(socket: Socket): void {
    this.forget(socket)
  }

  destroyAll(): void {
    for (const socket of this.deadlines.keys()) socket.destroy()
  }

  private forget(socket: Socket): void {
    clearTimeout(this.deadlines.get(socket))
    this.deadlines.delete(socket)
  }
}
