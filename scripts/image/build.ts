/**
 * Builds the agent's image from manifests/Containerfile without a registry and without a builder: on a Debian machine, as
 * root, from Debian's packages. Prints the archive's path.
 *
 *   build.ts [--tag REF] [--output FILE.tar] [--dist BUNDLE] [--rootfs FOLDER]     FOLDER keeps the root file system
 *   build.ts --os windows [--output FOLDER] [--dist BUNDLE]     the folder for the image of Windows nodes, on any system
 */
import {existsSync} from 'node:fs'
import {mkdir, mkdtemp, readFile, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {dirname, join, resolve} from 'node:path'
import {execa} from 'execa'
import packageFacts from '../../package.json' with {type: 'json'}
import {makeBundle} from '../executables/bundle.ts'
import {platforms} from '../executables/platforms.ts'
import {makeUnpacked} from '../executables/unpacked.ts'
import {scriptOptions} from '../options/script-options.ts'
import {cacheFolder} from '../platforms/packages.ts'
import {imageConfig, writeArchive} from './archive.ts'
import {buildScript} from './build-script.ts'
import {parseContainerfile, type Stage} from './containerfile.ts'
import {makeWindowsFolder} from './windows-folder.ts'

const context = resolve(import.meta.dirname, '../..')
const cache = cacheFolder()

const USAGE = `npm run image -- [--tag REF] [--output FILE.tar] [--dist BUNDLE] [--rootfs FOLDER]
npm run image -- --os windows [--output FOLDER] [--dist BUNDLE]`

const {values} = scriptOptions(USAGE, {
  options: {
    tag: {type: 'string', default: `kubectl-npm/agent:${packageFacts.version}`},
    os: {type: 'string', default: 'linux'},
    output: {type: 'string'},
    dist: {type: 'string', default: join(context, 'dist')},
    rootfs: {type: 'string'},
  },
})

const name = join(cache, `kubectl-npm-agent-${packageFacts.version}`)
const dist = resolve(values.dist)
if (values.os !== 'linux') {
  const folder = resolve(values.output ?? `${name}-windows`)
  const obstacle = values.os === 'windows' ? withoutBundle() : `--os ${values.os}: it is linux or windows`
  if (obstacle !== undefined) stop(obstacle)
  await makeWindowsFolder(dist, folder)
  console.log(folder)
  process.exit()
}

const platform = platforms.find(({runtime}) => runtime === `${process.platform}-${process.arch}`)
const stages = parseContainerfile(await readFile(join(context, 'manifests', 'Containerfile'), 'utf8'))
const output = resolve(values.output ?? `${name}-${process.arch}.tar`)
const problem = await obstacle()
if (problem !== undefined) stop(problem)
if (!platform) stop(`there is no executable for ${process.platform} on ${process.arch}`)
await mkdir(dirname(output), {recursive: true})
const work = await mkdtemp(join(tmpdir(), 'kubectl-npm-image-'))
try {
  await mkdir(join(work, 'mounts'))
  const rootfs = values.rootfs === undefined ? join(work, 'rootfs') : resolve(values.rootfs)
  const program = join(work, 'program')
  const bundle = join(work, 'bundle')
  await makeBundle(bundle)
  await makeUnpacked(platform, bundle, program)
  const places = {context, program, work: join(work, 'mounts'), cache: join(cache, 'image'), rootfs}
  const script = buildScript(stages, places)
  await execa('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], {stdout: 2, stderr: 2})
  await writeArchive(rootfs, imageConfig(stages.at(-1) as Stage, process.arch), values.tag, output)
} finally {
  await rm(work, {recursive: true, force: true})
}
console.log(output)

function stop(why: string): never {
  console.error(`error: ${why}`)
  process.exit(2)
}

function withoutBundle(): string | undefined {
  return existsSync(join(dist, 'npm-agent')) ? undefined : `there is no bundle in ${dist}\n  Make it first: npm run build`
}

/** Why it cannot be built here, and what to do. */
async function obstacle(): Promise<string | undefined> {
  const missing = withoutBundle()
  if (missing !== undefined) return missing
  const builder = `Use a builder instead: podman build -f manifests/Containerfile -t ${values.tag} .`
  if (process.getuid?.() !== 0) return `building without a builder needs root\n  ${builder}`
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  if (!/^ID=debian$/m.test(release)) return `building without a builder needs Debian\n  ${builder}`
  console.error(`this machine (${/^PRETTY_NAME="(.*)"$/m.exec(release)?.[1]}) stands in for ${stages[0]?.from}`)
}
