import {describe, expect, test} from 'vitest'
import {addressField, portsOf, protocolsOf} from '../../../../core/windows/hns/conditions.ts'

describe('an address field', () => {
  test.each([
    [undefined, {kind: 'any'}],
    ['', {kind: 'any'}],
    ['10.0.0.1', {kind: 'literals', blocks: [{base: 0x0a000001, prefix: 32}]}],
    [
      '10.0.0.9/8, 0.0.0.0/0',
      {
        kind: 'literals',
        blocks: [
          {base: 0x0a000000, prefix: 8},
          {base: 0, prefix: 0},
        ],
      },
    ],
    ['fd00::/8', {kind: 'literals', blocks: []}],
    ['azure-npm-1,azure-npm-2', {kind: 'sets', ids: ['azure-npm-1', 'azure-npm-2']}],
    ['azure-npm-1,10.0.0.1', {kind: 'mixed', text: 'azure-npm-1,10.0.0.1'}],
  ])('%s', (text, field) => expect(addressField(text)).toEqual(field))
})

describe('protocols', () => {
  test.each([
    [undefined, 'any'],
    ['', 'any'],
    ['256', 'any'],
    ['6,256', 'any'],
    ['6', [6]],
    ['6, 17', [6, 17]],
    ['tcp', undefined],
    ['300', undefined],
  ])('%s', (protocols, numbers) => expect(protocolsOf(protocols === undefined ? {} : {protocols})).toEqual(numbers))
})

describe('ports', () => {
  test.each([
    [undefined, 'any'],
    ['', 'any'],
    ['80', [{from: 80, to: 80}]],
    [
      '8000,8001,8002,9090',
      [
        {from: 8000, to: 8002},
        {from: 9090, to: 9090},
      ],
    ],
    ['1-65535', [{from: 1, to: 65535}]],
    ['80-79', undefined],
    ['70000', undefined],
    ['http', undefined],
  ])('%s', (text, ports) => expect(portsOf(text)).toEqual(ports))
})
