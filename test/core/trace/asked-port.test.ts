import {describe, expect, test} from 'vitest'
import {readPort} from '../../../core/trace/asked-port.ts'

describe('a port as people write it', () => {
  test.each([
    ['53/udp', undefined, '53', 'udp'],
    ['53/UDP', undefined, '53', 'udp'],
    ['53', 'UDP', '53', 'udp'],
    ['53/udp', 'udp', '53', 'udp'],
    ['dns', undefined, 'dns', 'tcp'],
    [undefined, 'ICMP', undefined, 'icmp'],
    [undefined, undefined, undefined, 'tcp'],
  ])('%j and %j', (port, protocol, number, name) => {
    expect(readPort(port, protocol)).toEqual({port: number, protocol: name})
  })

  test.each([
    ['53/udp', 'tcp', '--port 53/udp is of udp, and --protocol says tcp'],
    ['53/upd', undefined, '--port 53/upd: "upd" is none of tcp, udp, sctp, icmp'],
    ['53/', undefined, '"" is none of'],
    ['53', 'http', '--protocol http: "http" is none of'],
  ])('%j and %j are refused', (port, protocol, message) => {
    expect(() => readPort(port, protocol)).toThrow(message)
  })
})
