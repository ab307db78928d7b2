import {createHash} from 'node:crypto'
import {createReadStream} from 'node:fs'
import {mkdtemp, rename, rm, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {execa} from 'execa'
import {pairs, type Stage} from './containerfile.ts'

const ARCHITECTURES: Readonly<Record<string, string>> = {x64: 'amd64', arm64: 'arm64'}

/** What the image's last stage says about how it is run. */
export function imageConfig(stage: Stage, architecture: string): Record<string, unknown> {
  const rest = (name: string) => stage.instructions.filter(each => each.name === name).map(each => each.rest)
  const words = (name: string): unknown => JSON.parse(rest(name).at(-1) ?? 'null')
  return {
    architecture: ARCHITECTURES[architecture] ?? architecture,
    os: 'linux',
    config: {
      Env: rest('ENV').flatMap(text => Object.entries(pairs(text)).map(([key, value]) => `${key}=${value}`)),
      Labels: Object.assign({}, ...rest('LABEL').map(pairs)),
      Entrypoint: words('ENTRYPOINT'),
      Cmd: words('CMD'),
    },
  }
}

/**
 * Packs a root file system as a docker archive, which `ctr images import`, `docker load` and `podman load` take. The same
 * files give the same archive.
 *
 * @param reference the image's name and tag, without a registry for one that is only imported
 */
export async function writeArchive(
  rootfs: string,
  config: Record<string, unknown>,
  reference: string,
  output: string,
): Promise<void> {
  const work = await mkdtemp(join(dirname(output), '.image-'))
  try {
    const layer = join(work, 'layer.tar')
    await tar(rootfs, layer, ['.'])
    const diff = createHash('sha256')
    for await (const piece of createReadStream(layer)) diff.update(piece as Buffer)
    const text = JSON.stringify({...config, rootfs: {type: 'layers', diff_ids: [`sha256:${diff.digest('hex')}`]}})
    const name = `${createHash('sha256').update(text).digest('hex')}.json`
    await writeFile(join(work, name), text)
    await writeFile(join(work, 'manifest.json'), JSON.stringify([{Config: name, RepoTags: [reference], Layers: ['layer.tar']}]))
    // Whatever the umask is; of the layer, modes are the image's own.
    await tar(work, join(work, 'image.tar'), ['--mode=0644', 'manifest.json', name, 'layer.tar'])
    await rename(join(work, 'image.tar'), output)
  } finally {
    await rm(work, {recursive: true, force: true})
  }
}

async function tar(folder: string, file: string, names: readonly string[]): Promise<void> {
  const same = ['--sort=name', '--mtime=@0', '--numeric-owner', '--owner=0', '--group=0']
  await execa('tar', ['-C', folder, ...same, '-cf', file, ...names])
}
