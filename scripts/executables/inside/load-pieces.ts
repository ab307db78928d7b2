import {dirname, join} from 'node:path/posix'
import {Script} from 'node:vm'

/** Where the pieces of the program come from, and what else a piece is told. */
export interface Pieces {
  /** A function's text, as `pieceSource` makes it. */
  readonly source: (name: string) => string
  /** What V8 made of the same text when the executable was built. */
  readonly cache?: (name: string) => Uint8Array | undefined
  /** What a piece takes for the folder of the program. */
  readonly folder: (name: string) => string
  readonly compiled?: (name: string, script: Script) => void
}

type Load = (name: string) => object
type Piece = (exports: object, require: (id: string) => object, module: {exports: object}, file: string, folder: string) => void

/**
 * Loads pieces of the program that name each other by their files, each once, as Node's `require` does; besides, they get Node's own modules, and
 * nothing of a disk. V8 takes a cache only where its version, its switches and the length of the text are those that it was made with;
 * otherwise it compiles the text.
 *
 * @returns what loads a piece by its name
 */
export function pieceLoader({source, cache, folder, compiled}: Pieces): Load {
  const modules = new Map<string, {exports: object}>()
  const load: Load = name => {
    const known = modules.get(name)
    if (known) return known.exports
    const module = {exports: {}}
    modules.set(name, module)
    const script = new Script(source(name), {filename: name, cachedData: cache?.(name)})
    compiled?.(name, script)
    const piece = script.runInThisContext() as Piece
    const file = join(folder(name), name)
    piece(module.exports, id => required(id, name), module, file, dirname(file))
    return module.exports
  }
  const required = (id: string, from: string): object => {
    if (id.startsWith('.')) return load(join(from, '..', id))
    const builtin = process.getBuiltinModule(id)
    if (builtin) return builtin
    throw Object.assign(new Error(`${id} is not in this program`), {code: 'MODULE_NOT_FOUND'})
  }
  return load
}
