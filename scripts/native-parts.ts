import {existsSync} from 'node:fs'
import {cp, mkdir} from 'node:fs/promises'
import {join} from 'node:path'
import packageFacts from '../package.json' with {type: 'json'}

/** What koffi calls the machine of a platform: the folder in its package for that platform, and beside a bundle. */
const TRIPLETS: Readonly<Record<string, string>> = {
  'linux-x64': 'linux_x64',
  'linux-arm64': 'linux_arm64',
  'win32-x64': 'win32_x64',
}

const packages = join(import.meta.dirname, '..', 'node_modules', '@koromix')

/**
 * Copies the native parts of koffi, which no bundler takes along, to where the bundled koffi looks for them.
 *
 * @param folder    becomes `folder/linux_x64/koffi.node` and so on
 * @param platforms as Node names them: `linux-x64`. Without it, those whose package is installed
 * @throws Error when one of them is not known, or not installed
 */
export async function copyNativeParts(folder: string, platforms?: readonly string[]): Promise<void> {
  const known = Object.keys(TRIPLETS)
  for (const platform of platforms ?? known) {
    const triplet = TRIPLETS[platform]
    if (triplet === undefined) throw new Error(`--native ${platform}: there is ${known.join(', ')}`)
    const file = join(packages, `koffi-${platform}`, triplet, 'koffi.node')
    if (existsSync(file)) {
      await mkdir(join(folder, triplet), {recursive: true})
      await cp(file, join(folder, triplet, 'koffi.node'))
    } else if (platforms) {
      const version = packageFacts.devDependencies.koffi.replace('^', '')
      throw new Error(
        `--native ${platform}: its package is not installed\n  npm install --no-save --force @koromix/koffi-${platform}@${version}`,
      )
    }
  }
}
