import type {Instruction, Stage} from './containerfile.ts'

export interface BuildPlaces {
  /** The folder that COPY copies from. */
  readonly context: string
  /** The program with its licences, which may lie elsewhere than in the context's executables/agent. */
  readonly program: string
  /** An empty folder for the mounts of the build; they are gone when its mount namespace is. */
  readonly work: string
  /** A folder for what `RUN --mount=type=cache` keeps. */
  readonly cache: string
  /** The folder to put the last stage into. */
  readonly rootfs: string
}

/**
 * The build of a Containerfile as a shell script for a mount namespace of its own. This machine stands in for the base
 * image: a stage begins as a copy-on-write view of its root, so that what a step writes does not touch it.
 *
 * @param stages all but the last may have a base image; the last one is `FROM scratch`, as ours is
 * @throws Error when it has another shape
 */
export function buildScript(stages: readonly Stage[], places: BuildPlaces): string {
  const last = stages.at(-1)
  if (last?.from !== 'scratch')
    throw new Error('Containerfile: the last stage is not FROM scratch; a base image cannot be had here')
  // On a file system of its own, because an overlay's upper layer may not lie in its lower one.
  const lines = ['set -eu', `work=${quote(places.work)}`, 'mount -t tmpfs tmpfs "$work"']
  const roots = new Map<string, string>()
  for (const stage of stages) {
    const root = stage === last ? places.rootfs : `${places.work}/${roots.size}/root`
    lines.push(...(stage === last ? [`mkdir -p ${quote(root)}`] : baseLines(`${places.work}/${roots.size}`)))
    let folder = '/'
    for (const instruction of stage.instructions) {
      if (instruction.name === 'WORKDIR') {
        folder = instruction.rest
        lines.push(`mkdir -p ${quote(root + folder)}`)
      } else if (instruction.name === 'COPY') lines.push(...copyLines(instruction, root, folder, roots, places))
      else if (instruction.name === 'RUN') lines.push(...runLines(instruction, root, folder, places.cache))
      // The others change the image's configuration only.
    }
    roots.set(stage.name ?? String(roots.size), root)
  }
  return `${lines.join('\n')}\n`
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

function baseLines(place: string): string[] {
  return [
    `mkdir -p ${['upper', 'scratch', 'root'].map(name => quote(`${place}/${name}`)).join(' ')}`,
    `mount -t overlay overlay -o ${quote(`lowerdir=/,upperdir=${place}/upper,workdir=${place}/scratch`)} ${quote(`${place}/root`)}`,
    `mount -t proc proc ${quote(`${place}/root/proc`)}`,
    `mount --rbind /dev ${quote(`${place}/root/dev`)}`,
    `mount -t tmpfs tmpfs ${quote(`${place}/root/tmp`)}`,
    // It may be a link to where nothing is in this view.
    `rm -f ${quote(`${place}/root/etc/resolv.conf`)} && cp -L /etc/resolv.conf ${quote(`${place}/root/etc/resolv.conf`)}`,
  ]
}

function copyLines(
  {flags, rest, line}: Instruction,
  root: string,
  folder: string,
  roots: ReadonlyMap<string, string>,
  {context, program}: BuildPlaces,
): string[] {
  const [from, to, ...more] = rest.split(/\s+/)
  const stage = flags.get('from')
  const base = stage === undefined ? `${context}/` : roots.get(stage)
  if (from === undefined || to === undefined || more.length > 0 || base === undefined)
    throw new Error(`Containerfile:${line}: COPY takes one source and one place, and stages that came before`)
  const source = quote(stage === undefined && from === 'executables/agent' ? program : `${base}${from}`)
  const target = quote(`${root}${to.startsWith('/') ? to : `${folder}/${to}`}`)
  // As COPY does it: of a folder the content, of a file the file.
  return [`if [ -d ${source} ]; then mkdir -p ${target} && cp -a ${source}/. ${target}; else cp -a ${source} ${target}; fi`]
}

function runLines({flags, rest, line}: Instruction, root: string, folder: string, cache: string): string[] {
  const mount = flags.get('mount')
  const kept = mount === undefined ? undefined : /^type=cache,target=(\/\S+)$/.exec(mount)?.[1]
  if (mount !== undefined && kept === undefined)
    throw new Error(`Containerfile:${line}: of mounts only caches can be had here: ${mount}`)
  const mountLines =
    kept === undefined
      ? []
      : [`mkdir -p ${quote(cache + kept)} ${quote(root + kept)}`, `mount --bind ${quote(cache + kept)} ${quote(root + kept)}`]
  return [...mountLines, `chroot ${quote(root)} /bin/sh -c ${quote(`cd ${folder} && ${rest}`)}`]
}
