import {EventEmitter} from 'node:events'
import type {Socket} from 'node:net'
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest'
import {type SignInStage, UnauthenticatedConnections} from '../../../agent/limits/unauthenticated-connections.ts'

class FakeSocket extends EventEmitter {
  isDestroyed = false

  /** A real socket says `close` only in a later turn. */
  destroy(): void {
    if (this.isDestroyed) return
    this.isDestroyed = true
    setImmediate(() => this.emit('close'))
  }
}

const add = (connections: UnauthenticatedConnections, stage: SignInStage = 'silent'): FakeSocket => {
  const socket = new FakeSocket()
  connections.add(socket as unknown as Socket, () => stage)
  return socket
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a socket whose peer has not signed in', () => {
  test('is destroyed at its deadline', async () => {
    const connections = new UnauthenticatedConnections(10, 1000)
    const socket = add(connections)
    await vi.advanceTimersByTimeAsync(999)
    expect(socket.isDestroyed).toBe(false)
    await vi.advanceTimersByTimeAsync(2)
    expect(socket.isDestroyed).toBe(true)
    expect(connections.size).toBe(0)
  })

  test('has no deadline any more when its peer has signed in', async () => {
    const connections = new UnauthenticatedConnections(10, 1000)
    const socket = add(connections)
    connections.accept(socket as unknown as Socket)
    expect(connections.size).toBe(0)
    await vi.advanceTimersByTimeAsync(5000)
    expect(socket.isDestroyed).toBe(false)
    connections.destroyAll()
    expect(socket.isDestroyed).toBe(false)
  })

  test('is forgotten when it closes by itself', async () => {
    const connections = new UnauthenticatedConnections(10, 1000)
    const socket = add(connections)
    socket.emit('close')
    expect(connections.size).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('makes room when there are too many, the oldest first', async () => {
    const connections = new UnauthenticatedConnections(2, 1000)
    const sockets = [1, 2, 3].map(() => add(connections))
    expect(sockets.map(({isDestroyed}) => isDestroyed)).toEqual([true, false, false])
    await vi.advanceTimersByTimeAsync(1)
    expect(connections.size).toBe(2)
  })

  test('makes room at once, also for many that come in one turn', () => {
    const connections = new UnauthenticatedConnections(2, 1000)
    const sockets = [1, 2, 3, 4, 5].map(() => add(connections))
    expect(sockets.map(({isDestroyed}) => isDestroyed)).toEqual([true, true, true, false, false])
    expect(connections.size).toBe(2)
  })

  test.each<{most: SignInStage; few: SignInStage}>([
    {most: 'silent', few: 'handshake'},
    {most: 'handshake', few: 'secure'},
    {most: 'secure', few: 'silent'},
  ])('is not the one that makes room while most others are $most, and it is $few', ({most, few}) => {
    const connections = new UnauthenticatedConnections(4, 1000)
    const one = add(connections, few)
    const others = Array.from({length: 50}, () => add(connections, most))
    expect(one.isDestroyed).toBe(false)
    expect(others.filter(({isDestroyed}) => !isDestroyed)).toEqual(others.slice(-3))
  })

  test('is destroyed when the agent ends', () => {
    const connections = new UnauthenticatedConnections(10, 1000)
    const sockets = [1, 2].map(() => add(connections))
    connections.destroyAll()
    expect(sockets.map(({isDestroyed}) => isDestroyed)).toEqual([true, true])
  })
})
