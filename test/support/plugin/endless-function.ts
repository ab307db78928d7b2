import {registerHooks} from 'node:module'

/**
 * Loaded before a program (`--import`): replaces one exported function by a computation that never ends, in which no handler of a signal
 * gets its turn. ENDLESS names it: `core/dump/read-dump.ts readDump`. It prints `computing` on stderr when it begins.
 */

const [file = '', name = ''] = (process.env['ENDLESS'] ?? '').split(' ')
const replaced = new URL(`../../../${file}`, import.meta.url).href

registerHooks({
  load(url, context, nextLoad) {
    if (url !== replaced) return nextLoad(url, context)
    const source = `
      import {writeSync} from 'node:fs'
      export * from ${JSON.stringify(`${url}?real`)}
      export function ${name}() { writeSync(2, 'computing\\n'); for (;;); }
    `
    return {format: 'module', shortCircuit: true, source}
  },
})
