/**
 * Makes single executables: an archive for each system, with licences, a list of what each is made of, and SHA256SUMS. Each can be made
 * on any system; two builds of the same sources give the same bytes. Prints the folder.
 *
 *   npm run executables -- [--output FOLDER] [--platform OS-ARCH,...]     without it, all
 */
import {createHash} from 'node:crypto'
import {mkdir, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join, resolve} from 'node:path'
import {parseArgs} from 'node:util'
import packageFacts from '../../package.json' with {type: 'json'}
import {writeArchive} from './archive.ts'
import {executableBill} from './bill-of-materials.ts'
import {makeBundle} from './bundle.ts'
import {makeExecutable} from './executable.ts'
import {platforms} from './platforms.ts'

const {values} = parseArgs({
  options: {output: {type: 'string', default: join(import.meta.dirname, '../..', 'executables')}, platform: {type: 'string'}},
})
const names = values.platform?.split(',') ?? platforms.map(({name}) => name)
const unknown = names.find(name => !platforms.some(platform => platform.name === name))
if (unknown !== undefined) {
  console.error(`error: --platform ${unknown}: there is ${platforms.map(({name}) => name).join(', ')}`)
  process.exit(2)
}

const output = resolve(values.output)
await mkdir(output, {recursive: true})
// Of an earlier build; whatever else somebody keeps there stays.
for (const name of await readdir(output))
  if (/^(?:kubectl-npm_.*\.(?:tar\.gz|cdx\.json)|SHA256SUMS)$/.test(name)) await rm(join(output, name))
const work = await mkdtemp(join(tmpdir(), 'kubectl-npm-executables-'))
try {
  const bundle = join(work, 'bundle')
  await makeBundle(bundle)
  const sums: string[] = []
  for (const platform of platforms.filter(({name}) => names.includes(name))) {
    console.error(`… ${platform.name}`)
    const executable = join(work, platform.program)
    await makeExecutable(platform, bundle, executable)
    const base = `kubectl-npm_${packageFacts.version}_${platform.name.replace('-', '_')}`
    await writeArchive(platform, bundle, executable, join(output, `${base}.tar.gz`))
    await writeFile(join(output, `${base}.cdx.json`), `${JSON.stringify(await executableBill(platform, bundle), undefined, 2)}\n`)
    sums.push(await sumLine(`${base}.cdx.json`), await sumLine(`${base}.tar.gz`))
  }
  await writeFile(join(output, 'SHA256SUMS'), sums.join(''))
} finally {
  await rm(work, {recursive: true, force: true})
}
console.log(output)

/** As `sha256sum` writes it. */
async function sumLine(name: string): Promise<string> {
  const sum = createHash('sha256').update(await readFile(join(output, name)))
  return `${sum.digest('hex')}  ${name}\n`
}
