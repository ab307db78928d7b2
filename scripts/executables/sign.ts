import {readFile, writeFile} from 'node:fs/promises'
import {signAdHoc} from './mach-o-signature.ts'
import type {Platform} from './platforms.ts'

/** Of the certificate table in the headers of PE32+, from where the headers start. Source: Microsoft's "PE Format". */
const CERTIFICATES = 24 + 112 + 4 * 8

/**
 * Gives a program that was changed the signature that its system asks for. What was signed as Node is not that any more: macOS gets
 * a signature without a name, Windows none, rather than one that is wrong.
 *
 * @param path of the program, which is written anew
 */
export async function signProgram({runtime}: Platform, path: string): Promise<void> {
  if (runtime.startsWith('darwin-')) await writeFile(path, signAdHoc(await readFile(path), 'kubectl-npm'))
  if (runtime.startsWith('win32-')) {
    const program = await readFile(path)
    program.fill(0, program.readUInt32LE(0x3c) + CERTIFICATES, program.readUInt32LE(0x3c) + CERTIFICATES + 8)
    await writeFile(path, program)
  }
}
