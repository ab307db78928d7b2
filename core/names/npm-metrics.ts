import {setScheme} from '../names/kernel-name.ts'
import {eachLine, type Text} from '../text/lines.ts'

const COUNT = /^npm_ipset_counts\{(.*)\}/
const LABEL = /(set_name|set_hash)="((?:[^"\\]|\\.)*)"/g

/** Reads set names from NPM's metrics page. `npm_ipset_counts` has one line for each set that is not empty. */
export function readMetricNames(text: Text): {kernelName: string; name: string}[] {
  const names: {kernelName: string; name: string}[] = []
  eachLine(text, (piece, start, end) => {
    if (!piece.startsWith('npm_ipset_counts{', start)) return
    const labels = COUNT.exec(piece.slice(start, end))?.[1] ?? ''
    const values = Object.fromEntries(
      [...labels.matchAll(LABEL)].map(([, key, value]) => [key as string, (value as string).replaceAll(/\\(.)/g, '$1')]),
    )
    const {set_hash: kernelName, set_name: name} = values
    if (kernelName !== undefined && name !== undefined && setScheme(kernelName)) names.push({kernelName, name})
  })
  return names
}
