/*
 * Runs the program as a rehearsal, the lines of one kind after each other, and keeps what V8 has made of each piece: the functions that ran
 * are then compiled in the executable, too. The target's own Node runs this, with the switches of `rehearsal.ts`.
 *
 * argv: the folder of the pieces, a file with the rehearsal as JSON, and the kind
 */
import {globSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {setFlagsFromString} from 'node:v8'
import {Script} from 'node:vm'
import {cacheName, ENTRY, OTHERS, PROGRAM_FOLDER} from '../names.ts'
import type {Rehearsal} from '../rehearsal.ts'
import {pieceLoader} from './load-pieces.ts'

/** The longest that a timer takes. */
const LONGEST_MS = 2 ** 31 - 1

const [, , folder = '', file = '', kind = ''] = process.argv
const {lines, restored} = JSON.parse(readFileSync(file, 'utf8')) as Rehearsal
let collections = 0
new PerformanceObserver(list => void (collections += list.getEntries().length)).observe({entryTypes: ['gc']})
const source = (name: string): string => readFileSync(join(folder, name), 'latin1')
const scripts = new Map<string, Script>()
const load = pieceLoader({source, folder: () => PROGRAM_FOLDER, compiled: (name, script) => void scripts.set(name, script)})

// What completes words ends the process when it has written them.
const end = process.exit.bind(process)
process.exit = (code => {
  process.exitCode = code
}) as typeof process.exit
// Time stands still: what is only done when something takes long is done on no machine. What waits for a while ends with the rehearsal.
performance.now = () => 0
Date.now = () => 0
const later = setTimeout
globalThis.setTimeout = (() => later(() => undefined, LONGEST_MS).unref()) as unknown as typeof setTimeout
// oclif waits some milliseconds for words from a pipe, and which of the two ends first is chance; it does not wait for a person.
process.stdin.isTTY = true
for (const words of lines[kind] ?? []) {
  process.argv = [process.execPath, process.execPath, ...words]
  await (load(ENTRY) as {run: () => Promise<void>}).run()
  await new Promise(setImmediate)
  if (process.exitCode === 2) {
    process.stderr.write(`the rehearsal of ${words.join(' ')} ended with 2\n`)
    end(2)
  }
}
// Pieces of the others are kept as they are before anything runs. V8 numbers functions, so they come in one order.
const all =
  kind === OTHERS
    ? globSync('lib/**/*.js', {cwd: folder})
        .map(path => path.replaceAll('\\', '/'))
        .toSorted()
    : []
for (const name of all) if (!scripts.has(name)) scripts.set(name, new Script(source(name), {filename: name}))

// Collections are told some turns later.
for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate)
if (collections > 0) {
  process.stderr.write(
    `memory was collected in the rehearsal of ${kind}: two builds would differ; give it more in rehearsal.ts\n`,
  )
  end(2)
}

// The cache says which switches it was made with.
for (const flag of restored) setFlagsFromString(flag)
for (const [name, script] of scripts) {
  const path = join(folder, cacheName(name, kind))
  mkdirSync(dirname(path), {recursive: true})
  writeFileSync(path, script.createCachedData())
}
end(0)
