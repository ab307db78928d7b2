/*
 * Where an executable starts: Node runs this file. It loads the program out of the executable itself.
 */
import {getAssetKeys, getRawAsset} from 'node:sea'
import {cacheName, ENTRY, kindOf, NATIVE_FOLDER, NATIVE_PIECE, OTHERS, PROGRAM_FOLDER} from '../names.ts'
import {pieceLoader} from './load-pieces.ts'
import {nativeFolder} from './native-folder.ts'

const names = getAssetKeys()
const known = new Set(names)
const asset = (name: string): Buffer<ArrayBuffer> => Buffer.from(getRawAsset(name))

const kind = kindOf(process.argv.slice(2))
const load = pieceLoader({
  source: name => asset(name).toString('latin1'),
  cache: name => {
    const found = [kind, OTHERS].map(each => cacheName(name, each)).find(each => known.has(each))
    return found === undefined ? undefined : asset(found)
  },
  folder: name => {
    const native = name === NATIVE_PIECE ? names.find(key => key.startsWith(NATIVE_FOLDER)) : undefined
    return native === undefined ? PROGRAM_FOLDER : nativeFolder(native, asset(native))
  },
})
void (load(ENTRY) as {run: () => Promise<void>}).run()
