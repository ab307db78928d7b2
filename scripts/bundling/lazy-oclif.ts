import type {Plugin} from 'rolldown'

/** How the compiler of oclif's sources wrote an import: whatever is taken from it is asked of that constant, each time. */
const IMPORT = /^const (\w+_\d+|Errors|Parser) = ((?:__import(?:Default|Star)\()?require\("[^"]+"\)\)?);$/gm

/** Loads a module when something is asked of it first. */
const LATER = `const __later = load => { let module; return new Proxy({}, {get: (_, name) => (module ??= load())[name]}) };\n`

/**
 * Makes oclif load its own modules, its libraries and Node's when they are used, and not all of them at each start: its
 * help with a template engine, its spinners, what starts programs, measures and reads directories.
 */
export const loadOclifLazily: Plugin = {
  name: 'lazy-oclif',
  transform: {
    filter: {id: /@oclif[\\/]core[\\/]lib[\\/].*\.js$/},
    handler: (code: string) => LATER + code.replace(IMPORT, 'const $1 = __later(() => $2);'),
  },
}
