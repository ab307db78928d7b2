/**
 * Makes single executables: an archive for each system, with licences, a list of what each is made of, and SHA256SUMS. Each can be made
 * on any system; two builds of the same sources give the same bytes. Prints the folder.
 *
 *   npm run executables -- [--output FOLDER] [--platform OS-ARCH,...] [--base-url URL]
 *   npm run executables -- --platform OS-ARCH --unpacked FOLDER
 *
 * Without --platform, all. With --base-url, where the archives will be found, there is krew-index, too: what a git repository holds that is
 * an index of krew. With --unpacked there is no archive: FOLDER gets what would be in it.
 */
import {createHash} from 'node:crypto'
import {mkdir, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join, resolve} from 'node:path'
import packageFacts from '../../package.json' with {type: 'json'}
import {scriptOptions} from '../options/script-options.ts'
import {shipmentOf, writeArchive} from './archive.ts'
import {executableBill} from './bill-of-materials.ts'
import {makeBundle} from './bundle.ts'
import {makeExecutable} from './executable.ts'
import {type Archive, krewManifest} from './krew-manifest.ts'
import {platforms} from './platforms.ts'
import {makeUnpacked} from './unpacked.ts'

/** Source: krew's "Hosting Custom Plugin Indexes". */
const KREW_INDEX = 'krew-index'

const USAGE = `npm run executables -- [--platform NAME,...] [--output FOLDER] [--base-url URL]
npm run executables -- --platform NAME --unpacked FOLDER

NAME is one of ${platforms.map(({name}) => name).join(', ')}.`

const {values} = scriptOptions(USAGE, {
  options: {
    output: {type: 'string', default: join(import.meta.dirname, '../..', 'executables')},
    platform: {type: 'string'},
    unpacked: {type: 'string'},
    'base-url': {type: 'string'},
  },
})
const names = values.platform?.split(',') ?? platforms.map(({name}) => name)
const unknown = names.find(name => !platforms.some(platform => platform.name === name))
if (unknown !== undefined) {
  console.error(`error: --platform ${unknown}: there is ${platforms.map(({name}) => name).join(', ')}`)
  process.exit(2)
}
if (values.unpacked !== undefined && names.length !== 1) {
  console.error('error: --unpacked is for one executable\n  Say which: --platform linux-amd64')
  process.exit(2)
}
const baseUrl = values['base-url']?.replace(/\/+$/, '')
if (baseUrl !== undefined && !/^https?:$/.test(URL.parse(baseUrl)?.protocol ?? '')) {
  console.error(
    `error: --base-url ${baseUrl} is no URL that krew fetches from\n  Say https://HOST/FOLDER, where the archives will be.`,
  )
  process.exit(2)
}

const chosen = platforms.filter(({name}) => names.includes(name))
const output = resolve(values.unpacked ?? values.output)
await mkdir(output, {recursive: true})
const work = await mkdtemp(join(tmpdir(), 'kubectl-npm-executables-'))
try {
  const bundle = join(work, 'bundle')
  await makeBundle(bundle)
  if (values.unpacked === undefined) await writeArchives(bundle)
  else for (const platform of chosen) await makeUnpacked(platform, bundle, output)
} finally {
  await rm(work, {recursive: true, force: true})
}
console.log(output)

async function writeArchives(bundle: string): Promise<void> {
  // Of an earlier build; whatever else somebody keeps there stays, as the history of an index.
  for (const name of [...(await readdir(output)), join(KREW_INDEX, 'plugins', 'npm.yaml')])
    if (/^(?:kubectl-npm_.*\.(?:tar\.gz|cdx\.json)|SHA256SUMS)$|\bnpm\.yaml$/.test(name))
      await rm(join(output, name), {force: true})
  const sums: string[] = []
  const archives: Archive[] = []
  for (const platform of chosen) {
    console.error(`… ${platform.name}`)
    const executable = join(work, platform.program)
    const uncached = await makeExecutable(platform, bundle, executable)
    if (uncached !== undefined) console.error(`… ${platform.name} will start in twice the time: ${uncached}`)
    const base = `kubectl-npm_${packageFacts.version}_${platform.name.replace('-', '_')}`
    await writeArchive(await shipmentOf(platform, bundle, executable), join(output, `${base}.tar.gz`))
    await writeFile(join(output, `${base}.cdx.json`), await executableBill(platform, bundle))
    const sha256 = await sumOf(`${base}.tar.gz`)
    sums.push(`${await sumOf(`${base}.cdx.json`)}  ${base}.cdx.json\n`, `${sha256}  ${base}.tar.gz\n`)
    if (baseUrl !== undefined) archives.push({platform, uri: `${baseUrl}/${base}.tar.gz`, sha256})
  }
  await writeFile(join(output, 'SHA256SUMS'), sums.join(''))
  if (baseUrl === undefined) return
  const plugins = join(output, KREW_INDEX, 'plugins')
  await mkdir(plugins, {recursive: true})
  await writeFile(join(plugins, 'npm.yaml'), krewManifest(packageFacts.version, packageFacts.description, archives))
}

/** In hex, as `sha256sum` writes it. */
async function sumOf(name: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(join(output, name)))
    .digest('hex')
}
