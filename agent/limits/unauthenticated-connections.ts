import type {Socket} from 'node:net'

interface Stranger {
  readonly socket: Socket
  readonly timer: NodeJS.Timeout
}

/**
 * Sockets whose peer has not signed in. Each has a deadline, and when there are too many the oldest makes room: whoever
 * holds sockets open cannot keep the kubelet's probe out, which would have the agent restarted.
 */
export class UnauthenticatedConnections {
  private readonly known = new Map<string, Stranger>()
  private readonly most: number
  private readonly timeMs: number

  constructor(most: number, timeMs: number) {
    this.most = most
    this.timeMs = timeMs
  }

  get size(): number {
    return this.known.size
  }

  add(socket: Socket): void {
    const name = nameOf(socket)
    const [oldest] = this.known.values()
    if (this.known.size >= this.most) oldest?.socket.destroy()
    this.known.set(name, {socket, timer: setTimeout(() => socket.destroy(), this.timeMs)})
    socket.once('close', () => this.forget(name))
  }

  /** The peer has signed in. @param socket the same connection, under TLS */
  accept(socket: Socket): void {
    this.forget(nameOf(socket))
  }

  destroyAll(): void {
    for (const {socket} of this.known.values()) socket.destroy()
  }

  private forget(name: string): void {
    clearTimeout(this.known.get(name)?.timer)
    this.known.delete(name)
  }
}

/** The socket below TLS and the one above it have only this in common. */
const nameOf = ({remoteAddress, remotePort}: Socket): string => `${remoteAddress} ${remotePort}`
