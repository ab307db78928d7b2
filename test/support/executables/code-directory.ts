import {createHash} from 'node:crypto'
import {readFile} from 'node:fs/promises'

/** What macOS would find in the signature of a program. */
export interface CodeDirectory {
  readonly identifier: string
  readonly pages: number
  /** Those whose hash is not the one in the signature, from 0. */
  readonly wrongPages: readonly number[]
  /** How many bytes of the file are behind what is signed and the signature. */
  readonly rest: number
}

/**
 * Reads the first code directory of a signed program for macOS, and compares each page with it.
 *
 * Source: mach-o/loader.h; cs_blobs.h of XNU.
 */
export async function readCodeDirectory(path: string): Promise<CodeDirectory> {
  const file = await readFile(path)
  let command = 32
  while (file.readUInt32LE(command) !== 0x1d) command += file.readUInt32LE(command + 4)
  const [start, bytes] = [file.readUInt32LE(command + 8), file.readUInt32LE(command + 12)]
  const blobs = Array.from({length: file.readUInt32BE(start + 8)}, (_, index) => start + 12 + index * 8)
  const entry = blobs.find(offset => file.readUInt32BE(offset) === 0)
  if (file.readUInt32BE(start) !== 0xfa_de_0c_c0 || entry === undefined) throw new Error(`${path} has no code directory`)
  const directory = file.subarray(start + file.readUInt32BE(entry + 4))
  const [hashes, name, , pages = 0, limit = 0] = [16, 20, 24, 28, 32].map(offset => directory.readUInt32BE(offset))
  const [hashBytes = 0, , , pageBits = 0] = directory.subarray(36, 40)
  if (hashes === undefined || name === undefined || limit !== start) throw new Error(`${path}: something between is not signed`)
  const wrongPages = Array.from({length: pages}, (_, page) => page).filter(page => {
    const content = file.subarray(page << pageBits, Math.min((page + 1) << pageBits, limit))
    const expected = directory.subarray(hashes + page * hashBytes, hashes + (page + 1) * hashBytes)
    return !createHash('sha256').update(content).digest().equals(expected)
  })
  const identifier = directory.toString('latin1', name, directory.indexOf(0, name))
  return {identifier, pages, wrongPages, rest: file.length - start - bytes}
}
