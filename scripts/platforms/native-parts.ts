import {existsSync} from 'node:fs'
import {cp, mkdir} from 'node:fs/promises'
import {join} from 'node:path'
import {koffiFor, packageFolder} from './packages.ts'

/** What koffi calls the machine of a platform: the folder in its package for that platform, and beside a bundle. */
const TRIPLETS: Readonly<Record<string, string>> = {
  'linux-x64': 'linux_x64',
  'linux-arm64': 'linux_arm64',
  'win32-x64': 'win32_x64',
}

const packages = join(import.meta.dirname, '../..', 'node_modules', '@koromix')

/**
 * Copies the native parts of koffi, which no bundler takes along, to where the bundled koffi looks for them.
 *
 * @param folder    becomes `folder/linux_x64/koffi.node` and so on
 * @param platforms as Node names them: `linux-x64`. One that is not installed is fetched. Without it, those that are
 * @throws Error when one of them is not known, or cannot be had
 */
export async function copyNativeParts(folder: string, platforms?: readonly string[]): Promise<void> {
  const known = Object.keys(TRIPLETS)
  for (const platform of platforms ?? known) {
    const triplet = TRIPLETS[platform]
    if (triplet === undefined) throw new Error(`--native ${platform}: there is ${known.join(', ')}`)
    const installed = join(packages, `koffi-${platform}`)
    const isInstalled = existsSync(installed)
    if (!isInstalled && !platforms) continue
    const part = isInstalled ? installed : await packageFolder(koffiFor(platform))
    await mkdir(join(folder, triplet), {recursive: true})
    await cp(join(part, triplet, 'koffi.node'), join(folder, triplet, 'koffi.node'))
  }
}
