import type {Socket} from 'node:net'

/** How far a peer has come: it has sent nothing, it has begun the handshake of TLS, it has ended it. */
export type SignInStage = 'silent' | 'handshake' | 'secure'

interface Unauthenticated {
  readonly stage: () => SignInStage
  readonly deadline: NodeJS.Timeout
}

/**
 * Connections whose peer has not signed in. Each has a deadline, and when there are too many one is destroyed: the oldest of those
 * who have come as far as most have. So peers that hold many connections open, of whatever kind, make room themselves, and those
 * who are on their way past them stay.
 */
export class UnauthenticatedConnections {
  /** Oldest first. */
  private readonly peers = new Map<Socket, Unauthenticated>()
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
    return this.peers.size
  }

  /** A peer has connected; its handshake is not over. @param stage how far it has come by now */
  add(socket: Socket, stage: () => SignInStage): void {
    const greediest = this.peers.size < this.most ? undefined : this.oldestOfMost()
    if (greediest) {
      // At once: its `close` comes later, and many peers may connect in one turn.
      this.forget(greediest)
      greediest.destroy()
    }
    this.peers.set(socket, {stage, deadline: setTimeout(() => socket.destroy(), this.deadlineMs)})
    socket.once('close', () => this.forget(socket))
  }

  /** The peer has signed in: its deadline is off. */
  accept(socket: Socket): void {
    this.forget(socket)
  }

  destroyAll(): void {
    for (const socket of this.peers.keys()) socket.destroy()
  }

  private oldestOfMost(): Socket | undefined {
    const stages: Record<SignInStage, Socket[]> = {silent: [], handshake: [], secure: []}
    for (const [socket, {stage}] of this.peers) stages[stage()].push(socket)
    const [most = []] = Object.values(stages).toSorted((a, b) => b.length - a.length)
    return most[0]
  }

  private forget(socket: Socket): void {
    clearTimeout(this.peers.get(socket)?.deadline)
    this.peers.delete(socket)
  }
}
