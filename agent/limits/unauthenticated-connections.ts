import type {Socket} from 'node:net'

interface UnauthenticatedSocket {
  readonly socket: Socket
  readonly timer: NodeJS.Timeout
}

/**
 * Sockets whose peer has not signed in. Each has a deadline, and when there are too many the oldest is destroyed: a peer
 * that holds sockets open cannot keep the kubelet's probe out, which would restart the agent.
 */
export class UnauthenticatedConnections {
  private readonly sockets = new Map<string, UnauthenticatedSocket>()
  private readonly most: number
  private readonly deadlineMs: number

  /**
   * @param most how many sockets are kept at once
   * @param deadlineMs how long a peer has to sign in, from its connection on
   */
  constructor(most: number, deadlineMs: number) {
    this.most = most
    this.deadlineMs = deadlineMs
  }

  get size(): number {
    return this.sockets.size
  }

  /** A peer has connected. @param socket the TCP connection, below TLS */
  add(socket: Socket): void {
    const name = nameOf(socket)
    const [oldest] = this.sockets
    if (oldest && this.sockets.size >= this.most) {
      const [oldName, {socket: old}] = oldest
      // At once: its `close` comes later, and many peers may connect in one turn.
      this.remove(oldName)
      old.destroy()
    }
    this.sockets.set(name, {socket, timer: setTimeout(() => socket.destroy(), this.deadlineMs)})
    socket.once('close', () => {
      if (this.sockets.get(name)?.socket === socket) this.remove(name)
    })
  }

  /** The peer has signed in: its deadline is off. @param socket the same connection, under TLS */
  accept(socket: Socket): void {
    this.remove(nameOf(socket))
  }

  destroyAll(): void {
    for (const {socket} of this.sockets.values()) socket.destroy()
  }

  private remove(name: string): void {
    clearTimeout(this.sockets.get(name)?.timer)
    this.sockets.delete(name)
  }
}

/** The socket below TLS and the one above it have only this in common. */
const nameOf = ({remoteAddress, remotePort}: Socket): string => `${remoteAddress} ${remotePort}`
