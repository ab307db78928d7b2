import {readFileSync} from 'node:fs'
import {expect, test} from 'vitest'
import {isKubernetesChain, npmBaseChains} from '../core/linux/npm/chain-names.ts'
import {bitMarks, wholeWordMarks} from '../core/linux/npm/marks.ts'
import {ALLOW, BASE_ALLOW, DENY, FROM_NODE, WIRE_SERVER} from '../core/windows/npm/priorities.ts'

/** docs/packet-path.md says of chains, marks and priorities what the program knows of them. */

const page = readFileSync(new URL('../docs/packet-path.md', import.meta.url), 'utf8')
const prose = page.replaceAll(/^```[^`]*?^```$/gms, '')
const firstCells = (header: string): string[] => {
  const [, rows = ''] = page.split(`${header}\n`)
  return [...rows.split('\n\n')[0]!.matchAll(/^\| `?([^`|]+?)`? \|/gm)]
    .map(([, cell = '']) => cell)
    .filter(cell => cell !== '---')
}

test('chains are those that there are', () => {
  const named = new Set([...prose.matchAll(/\bAZURE-NPM(?:-[A-Z]+)*\b/g)].map(([name]) => name))
  expect([...named].filter(name => !npmBaseChains.includes(name))).toEqual([])
  expect(named.size).toBe(5)
  const others = [...prose.matchAll(/`(KUBE-[A-Z-]+)`/g)].map(([, name = '']) => name)
  expect(others.filter(name => !isKubernetesChain(name))).toEqual([])
})

const hex = (mark: number): string => `0x${mark.toString(16)}`

test('marks are those that the chains set', () => {
  const {ingressAllowed, drop} = bitMarks
  // The last one is kube-proxy's.
  expect(firstCells('| mark | means | set in | read in |')).toEqual([ingressAllowed, drop.Ingress, drop.Egress, 0x4000].map(hex))
  const old = [wholeWordMarks.ingressAllowed, wholeWordMarks.drop.Ingress, wholeWordMarks.drop.Egress].map(hex)
  expect(prose.replaceAll(/\s+/g, ' ')).toContain(`before v1.4.24 has other marks (${old.map(mark => `\`${mark}\``).join(', ')})`)
})

test('priorities of Windows nodes are those that rules there have', () => {
  expect(firstCells('| priority | ACL | from |')).toEqual([WIRE_SERVER, FROM_NODE, ALLOW, DENY, BASE_ALLOW[0]].map(String))
})
