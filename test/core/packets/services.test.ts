import {describe, expect, test} from 'vitest'
import {
  allServices,
  cutServices,
  oneService,
  packetService,
  protocolEdges,
  serviceAt,
  serviceNumber,
  servicesOf,
} from '../../../core/packets/services.ts'

describe('services as numbers', () => {
  test('each protocol and port has its own, and is found again', () => {
    for (const protocol of ['tcp', 'udp', 'sctp'] as const)
      for (const port of [0, 1, 80, 65_535]) expect(serviceAt(serviceNumber(protocol, port))).toEqual({protocol, port})
    for (const protocol of ['icmp', 'other'] as const)
      for (const number of [servicesOf(protocol).from, servicesOf(protocol).to])
        expect(serviceAt(number)).toEqual({protocol, port: undefined})
    expect(servicesOf('other').to).toBe(allServices.to)
  })

  test('each of the 256 protocols is in one class, and found again by its number', () => {
    const found = Array.from({length: 256}, (_, number) => packetService(serviceNumber(String(number), undefined)).protocol)
    const wrong = found.flatMap((protocol, number) => (protocol === String(number) ? [] : [number]))
    expect(wrong).toEqual([1, 6, 17, 132])
    expect(serviceNumber('esp', undefined)).toBe(serviceNumber('50', undefined))
    expect(protocolEdges('gre').map(each => packetService(each).protocol)).toEqual(['47', '48'])
    expect(['tcp', '17', 'nobody', '256'].flatMap(protocolEdges)).toEqual([])
  })

  test('one service of a protocol without ports is all of it', () => {
    expect(oneService('icmp', undefined)).toEqual(servicesOf('icmp'))
    expect(oneService('udp', 53)).toEqual({from: 65_536 + 53, to: 65_536 + 53})
  })

  test('a range is cut where a protocol begins, and at edges where there are ports', () => {
    const words = cutServices(allServices, [80, 81, 70_000]).map(({from, to}) => {
      const [first, last] = [serviceAt(from), serviceAt(to)]
      return `${first.protocol} ${first.port ?? ''}-${last.port ?? ''}`
    })
    expect(words).toEqual([
      ...['tcp', 'udp', 'sctp'].flatMap(each => [`${each} 0-79`, `${each} 80-80`, `${each} 81-65535`]),
      'icmp -',
      'other -',
    ])
    expect(cutServices(servicesOf('other'), protocolEdges('esp')).map(({from}) => packetService(from).protocol)).toEqual([
      '0',
      '50',
      '51',
    ])
    expect(cutServices({from: 80, to: 90}, [80, 91])).toEqual([{from: 80, to: 90}])
  })
})
