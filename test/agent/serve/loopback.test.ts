import {createServer} from 'node:net'
import {describe, expect, test} from 'vitest'
import {listenAt, loopbackAddress} from '../../../agent/serve/loopback.ts'
import {InputError} from '../../../core/problem/input-error.ts'

describe('an address of loopback', () => {
  test.for([
    ['127.0.0.1:10292', {host: '127.0.0.1', port: 10_292}],
    ['127.0.0.1:0', {host: '127.0.0.1', port: 0}],
    ['/run/kubectl-npm/clients.sock', undefined],
    ['0.0.0.0:10292', undefined],
    ['10.240.0.4:10292', undefined],
    ['localhost:10292', undefined],
    ['127.0.0.1', undefined],
  ] as const)('%s', ([text, expected]) => {
    expect(loopbackAddress(text)).toEqual(expected)
  })

  test('is taken once', async () => {
    const first = createServer()
    const port = (await listenAt(first, {host: '127.0.0.1', port: 0})) ?? 0
    try {
      await expect(listenAt(createServer(), {host: '127.0.0.1', port})).rejects.toThrow(InputError)
      await expect(listenAt(createServer(), {host: '127.0.0.1', port})).rejects.toThrow(`cannot listen at 127.0.0.1:${port}`)
    } finally {
      first.close()
    }
  })
})
