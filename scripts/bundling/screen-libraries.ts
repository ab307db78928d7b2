import type {Plugin} from 'rolldown'

/** Yoga's program, as its module carries it. */
const PROGRAM = /"data:application\/octet-stream;base64,([A-Za-z0-9+/=]{1000,})"/

/**
 * Makes what draws screens load at once. Yoga, which lays them out, carries its program as a data URL, asks for it by `fetch`, which loads all
 * of Node's HTTP client, and lets whoever imports it wait; Ink would wait for tools of those who develop with it. A module that waits cannot be
 * loaded by `require`, as an executable does.
 */
export const loadScreensAtOnce: Plugin = {
  name: 'screens-at-once',
  transform: {
    filter: {id: /yoga-layout[\\/]dist[\\/]|ink[\\/]build[\\/]reconciler\.js$/},
    handler: (code: string, id: string) => {
      if (id.endsWith('reconciler.js')) return replaced(code, "process.env['DEV'] === 'true'", 'false')
      if (/dist[\\/]src[\\/]index\.js$/.test(id)) return replaced(code, 'await loadYoga()', 'loadYoga()')
      if (!id.endsWith('yoga-wasm-base64-esm.js')) return null
      const [whole = '', program = ''] = PROGRAM.exec(code) ?? []
      // What Emscripten's loader offers for it: the instance is handed over before its function returns.
      const instantiate = `loadYoga.instantiateWasm = (imports, done) => {
        const instance = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from("${program}", 'base64')), imports);
        done(instance);
        return instance.exports;
      };\n`
      const atOnce = replaced(replaced(code, whole, '""'), 'return loadYoga.ready', 'return loadYoga')
      const unasked = replaced(atOnce, 'typeof fetch', '"none"')
      return replaced(unasked, 'loadYoga = loadYoga || {};', `loadYoga = loadYoga || {};\n${instantiate}`)
    },
  },
}

/** @throws Error where a newer version of the library reads otherwise */
function replaced(code: string, text: string, by: string): string {
  if (text === '' || !code.includes(text))
    throw new Error(`what draws screens has changed: there is no ${text || PROGRAM.source}`)
  return code.replaceAll(text, () => by)
}
