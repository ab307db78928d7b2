import {describe, expect, test} from 'vitest'
import {limits} from '../../../agent/limits/limits.ts'
import {type Placed, Places} from '../../../agent/rpc/places.ts'

/** A connection of the token of that name, the oldest first. */
const placed = (...names: string[]): Placed[] => names.map((tokenHash, index) => ({tokenHash, lastUsedMs: index}))
const open = (connections: number) => new Places({...limits, connections, connectionsOfToken: 3, connectionBurst: 5})

describe('places', () => {
  test('are taken by anybody while there are some', () => {
    expect(open(4).admit('new', placed('a', 'a', 'b'))).toBeUndefined()
  })

  test.each<{name: string; comes: string; taken: string[]; loses: number | undefined}>([
    {name: 'who has most loses the oldest', comes: 'new', taken: ['b', 'a', 'b', 'a', 'a'], loses: 1},
    {name: 'also to who has fewer', comes: 'b', taken: ['b', 'a', 'a', 'a', 'c'], loses: 1},
    {name: 'where all have one, the one that was not used for longest loses its', comes: 'new', taken: ['a', 'b', 'c'], loses: 0},
    {name: 'nobody loses one to who has as many', comes: 'b', taken: ['a', 'a', 'b', 'b'], loses: undefined},
    {name: 'nor to who has more', comes: 'b', taken: ['a', 'b', 'b'], loses: undefined},
  ])('when all are taken, $name', ({comes, taken, loses}) => {
    const connections = placed(...taken)
    const places = open(taken.length)
    if (loses === undefined) expect(() => places.admit(comes, connections)).toThrow(`the agent has ${taken.length} connections`)
    else expect(places.admit(comes, connections)).toBe(connections[loses])
  })

  test('of one token are a share, though there are more', () => {
    expect(() => open(100).admit('a', placed('a', 'b', 'a', 'a'))).toThrow('this token has 3 connections')
  })

  test('are not given to one that comes and goes as fast as it can', () => {
    const places = open(100)
    for (let time = 0; time < 5; time++) expect(places.admit('a', [])).toBeUndefined()
    expect(() => places.admit('a', [])).toThrow('this token was used for many connections just now')
    expect(places.admit('b', [])).toBeUndefined()
  })

  test('remember a bounded number of tokens', () => {
    const places = open(100)
    for (let time = 0; time < 5; time++) places.admit('a', [])
    for (let token = 0; token < 1000; token++) places.admit(`token ${token}`, [])
    expect(places.admit('a', [])).toBeUndefined()
  })
})
