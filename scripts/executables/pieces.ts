import {globSync} from 'node:fs'
import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {build} from 'rolldown'

const inside = join(import.meta.dirname, 'inside')

/**
 * Writes the pieces of a bundle as an executable loads them.
 *
 * @param bundle as `makeBundle` makes it
 * @param folder gets `lib/…`
 */
export async function writePieces(bundle: string, folder: string): Promise<void> {
  for (const name of globSync('lib/**/*.js', {cwd: bundle})) {
    await mkdir(dirname(join(folder, name)), {recursive: true})
    await writeFile(join(folder, name), pieceSource(await readFile(join(bundle, name), 'utf8')), 'latin1')
  }
}

/**
 * A piece of a bundle as the text of a function, without characters that do not fit into a byte: V8 keeps such a text in half the space, and it is
 * there without decoding.
 *
 * @throws Error for a text in which that would change what is meant
 */
export function pieceSource(code: string): string {
  const wrong = /\\[^\0-\xff]|String\.raw`[^`]*[^\0-\xff]/.exec(code)
  if (wrong) throw new Error(`this cannot be written in single bytes: ${code.slice(wrong.index, wrong.index + 40)}`)
  const narrow = code.replace(/[^\0-\xff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return `(function (exports, require, module, __filename, __dirname) {${narrow}\n})`
}

/** Bundles a program that runs inside an executable, or makes what is inside, to a file. */
export async function bundleInside(name: 'main' | 'rehearse' | 'check-caches', file: string): Promise<void> {
  await build({
    input: join(inside, `${name}.ts`),
    platform: 'node',
    logLevel: 'warn',
    output: {file, format: file.endsWith('.cjs') ? 'cjs' : 'esm', minify: true},
  })
}
