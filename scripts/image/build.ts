/**
 * Builds the agent's image from manifests/Containerfile without a registry and without a builder: on a Debian machine, as
 * root, from Debian's packages. Prints the archive's path.
 *
 *   build.ts [--tag REF] [--output FILE.tar] [--dist BUNDLE] [--rootfs FOLDER]     FOLDER keeps the root file system
 */
import {existsSync} from 'node:fs'
import {mkdir, mkdtemp, readFile, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {dirname, join, resolve} from 'node:path'
import {parseArgs} from 'node:util'
import {execa} from 'execa'
import packageFacts from '../../package.json' with {type: 'json'}
import {cacheFolder} from '../platforms/packages.ts'
import {imageConfig, writeArchive} from './archive.ts'
import {buildScript} from './build-script.ts'
import {parseContainerfile, type Stage} from './containerfile.ts'

const context = resolve(import.meta.dirname, '../..')
const cache = cacheFolder()

const {values} = parseArgs({
  options: {
    tag: {type: 'string', default: `kubectl-npm/agent:${packageFacts.version}`},
    output: {type: 'string', default: join(cache, `kubectl-npm-agent-${packageFacts.version}-${process.arch}.tar`)},
    dist: {type: 'string', default: join(context, 'dist')},
    rootfs: {type: 'string'},
  },
})

const stages = parseContainerfile(await readFile(join(context, 'manifests', 'Containerfile'), 'utf8'))
const output = resolve(values.output)
const dist = resolve(values.dist)
const problem = await obstacle()
if (problem !== undefined) {
  console.error(`error: ${problem}`)
  process.exit(2)
}
await mkdir(dirname(output), {recursive: true})
const work = await mkdtemp(join(tmpdir(), 'kubectl-npm-image-'))
try {
  await mkdir(join(work, 'mounts'))
  const rootfs = values.rootfs === undefined ? join(work, 'rootfs') : resolve(values.rootfs)
  const places = {context, dist, work: join(work, 'mounts'), cache: join(cache, 'image'), rootfs}
  const script = buildScript(stages, places)
  await execa('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], {stdout: 2, stderr: 2})
  await writeArchive(rootfs, imageConfig(stages.at(-1) as Stage, process.arch), values.tag, output)
} finally {
  await rm(work, {recursive: true, force: true})
}
console.log(output)

/** Why it cannot be built here, and what to do. */
async function obstacle(): Promise<string | undefined> {
  if (!existsSync(join(dist, 'npm-agent'))) return `there is no bundle in ${dist}\n  Make it first: npm run build`
  const builder = `Use a builder instead: podman build -f manifests/Containerfile -t ${values.tag} .`
  if (process.getuid?.() !== 0) return `building without a builder needs root\n  ${builder}`
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  if (!/^ID=debian$/m.test(release)) return `building without a builder needs Debian\n  ${builder}`
  console.error(`this machine (${/^PRETTY_NAME="(.*)"$/m.exec(release)?.[1]}) stands in for ${stages[0]?.from}`)
}
