import {describe, expect, test} from 'vitest'
import {BackendDetector} from '../../../agent/snapshots/backend-detector.ts'
import {type NodeDocument, nodeDocuments} from '../../../core/contract/node-documents.ts'

const NFT = 'iptables-nft-save.txt'
const LEGACY = 'iptables-legacy-save.txt'
const HNS = ['hns-networks.json', 'hns-endpoints.json'] as const
const NPM_RULES = '*filter\n:AZURE-NPM - [0:0]\nCOMMIT\n'

function look(detector: BackendDetector, name: NodeDocument, ...pieces: string[]): void {
  const see = detector.of(name)
  for (const piece of pieces) see?.(Buffer.from(piece))
}

describe('the back end of a node', () => {
  test.each<{name: string; nft: string; legacy: string; backend: string}>([
    {name: 'is nft when its rules have chains of Azure NPM', nft: NPM_RULES, legacy: '*filter\nCOMMIT\n', backend: 'nft'},
    {name: 'is legacy when only its rules have them', nft: '*filter\nCOMMIT\n', legacy: NPM_RULES, backend: 'legacy'},
    {name: 'is unknown when both have them', nft: NPM_RULES, legacy: NPM_RULES, backend: 'unknown'},
    {name: 'is unknown when neither has them', nft: 'AZURE-NP', legacy: 'M', backend: 'unknown'},
  ])('$name', ({nft, legacy, backend}) => {
    const detector = new BackendDetector()
    look(detector, NFT, nft)
    look(detector, LEGACY, legacy)
    expect(detector.backend).toBe(backend)
  })

  test('is seen wherever the name is cut into two pieces', () => {
    for (let at = 0; at <= NPM_RULES.length; at++) {
      const detector = new BackendDetector()
      look(detector, NFT, NPM_RULES.slice(0, at), NPM_RULES.slice(at))
      expect(detector.backend, `cut at ${at}`).toBe('nft')
    }
  })

  test.each([1, 2, 3, 5])('is seen in pieces of %i bytes', size => {
    const detector = new BackendDetector()
    look(detector, NFT, ...(NPM_RULES.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []))
    expect(detector.backend).toBe('nft')
  })

  test.each(HNS)('is hns on a node that has %s', name => {
    const detector = new BackendDetector()
    look(detector, name, '{}')
    expect(detector.backend).toBe('hns')
  })

  test('is looked for in rules and nowhere else', () => {
    const detector = new BackendDetector()
    expect(nodeDocuments.filter(name => detector.of(name) !== undefined)).toEqual([NFT, LEGACY, ...HNS])
  })
})
