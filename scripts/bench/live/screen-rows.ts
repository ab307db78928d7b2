import {join} from 'node:path'
import {execa} from 'execa'
import {NODE} from '../measure.ts'
import type {Row} from '../table.ts'

export const percent = (share: number): string => `${(share * 100).toFixed(2)} %`
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`
const script = (name: string): string => join(import.meta.dirname, `${name}.ts`)

/** Nodes that are watched, and the rules of each that are counted one by one. */
const watched = [
  [1, 2000],
  [1, 20_000],
  [250, 0],
] as const
const sizeOf = (nodes: number, rules: number): string =>
  rules > 0 ? `${nodes} node, ${rules.toLocaleString('en')} rules` : `${nodes} nodes, summaries`

/** What it costs a plugin to watch nodes at one sample a second: without its screen, and with it in two sizes. */
export async function* screenRows(): AsyncGenerator<Row> {
  for (const [nodes, rules] of watched) {
    const {stdout} = await execa(NODE, [script('view-cost'), String(nodes), String(rules)])
    const found = JSON.parse(stdout) as {msOfSecond: number; memoryBytes: number}
    const share = found.msOfSecond / 1000
    yield {
      what: 'samples of a second',
      size: sizeOf(nodes, rules),
      median: '',
      processors: `${found.msOfSecond.toFixed(1)} ms a second`,
      memory: megabytes(found.memoryBytes),
      ratio: percent(share),
      aim: '5 %',
      met: share <= 0.05 ? 'yes' : 'no',
    }
  }
  for (const [nodes, rules] of watched)
    for (const [columns, rows] of [
      [80, 24],
      [300, 80],
    ] as const) {
      const args = [script('screen-cost'), ...[nodes, rules, columns, rows].map(String)]
      const {stdout} = await execa(NODE, args, {env: {NODE_ENV: 'production'}})
      const found = JSON.parse(/^\{.*\}/m.exec(stdout)?.[0] ?? '{}') as Record<
        'frameMs' | 'share' | 'framesPerSecond' | 'memoryBytes',
        number
      >
      yield {
        what: `top, ${columns} × ${rows}`,
        size: sizeOf(nodes, rules),
        median: `${found.frameMs.toFixed(1)} ms a frame`,
        processors: `${found.framesPerSecond.toFixed(1)} frames a second`,
        memory: megabytes(found.memoryBytes),
        ratio: percent(found.share),
        aim: '5 %',
        met: found.share <= 0.05 ? 'yes' : 'no',
      }
    }
}
