import {beforeEach, describe, expect, test, vi} from 'vitest'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {diffNode} from '../../../core/drift/diff-node.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import {probeNodes} from '../../../core/matrix/probe-nodes.ts'
import {tracePacket} from '../../../core/trace/trace-packet.ts'
import {documentsOf} from '../../support/redact/folders.ts'
import {translate} from '../../support/translate.ts'

/** How often each rule line, and each document, was parsed. */
const parsed = vi.hoisted(() => ({lines: new Map<string, number>(), documents: new Map<string, number>()}))

const count = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1)

vi.mock(import('../../../core/linux/iptables/parse-rule.ts'), async load => {
  const module = await load()
  return {
    ...module,
    parseRuleBody: (...args) => {
      const [text, start, end] = args
      // Rules of one text may be equal; their place tells them apart.
      count(parsed.lines, `${start} ${text.slice(start, end)}`)
      return module.parseRuleBody(...args)
    },
  }
})
vi.mock(import('../../../core/linux/iptables/save-index.ts'), async load => {
  const module = await load()
  return {
    ...module,
    indexIptablesSave: (text, file) => {
      count(parsed.documents, `rules ${file}`)
      return module.indexIptablesSave(text, file)
    },
  }
})
vi.mock(import('../../../core/linux/ipset/parse-save.ts'), async load => {
  const module = await load()
  return {
    ...module,
    parseIpsetSave: (text, file) => {
      count(parsed.documents, `sets ${file}`)
      return module.parseIpsetSave(text, file)
    },
  }
})

const repeated = (counts: ReadonlyMap<string, number>) => [...counts].filter(([, times]) => times > 1)

beforeEach(() => {
  parsed.lines.clear()
  parsed.documents.clear()
})

const tcp = {protocol: 'tcp', port: '8080'} as const
const firstPods = ({cluster}: NodeState): [string, string] => {
  const [one, other = one] = (cluster?.pods ?? []).flatMap(({status}) => status?.podIP ?? [])
  if (one === undefined || other === undefined) throw new Error('the fixture has no pods')
  return [one, other]
}

const verbs: Readonly<Record<string, (node: NodeState) => unknown>> = {
  translate,
  trace: node => {
    const [source, destination] = firstPods(node)
    return tracePacket([node], {source, destination, ...tcp}, [])
  },
  diff: node => diffNode(node, {isLite: false}, []),
  matrix: node => [...probeNodes([node], {ports: [{protocol: 'tcp', port: 80}]}).document.probes],
}

describe.each(['drifted', 'real-npm/shop-sha256', 'real-npm/garden-oldmarks', 'captures/v1-nft'])('%s', folder => {
  test.each([...Object.keys(verbs).map(verb => ({asked: [verb]})), {asked: Object.keys(verbs)}])(
    'is parsed once for $asked',
    async ({asked}) => {
      const [node] = (await readDump(await documentsOf(folder))).nodes
      if (!node) throw new Error('no node')
      for (const verb of asked) verbs[verb]?.(node)
      expect(parsed.lines.size).toBeGreaterThan(5)
      expect(repeated(parsed.lines)).toEqual([])
      expect(parsed.documents.size).toBeGreaterThan(1)
      expect(repeated(parsed.documents)).toEqual([])
    },
  )
})
