import {copyFile, mkdir, symlink} from 'node:fs/promises'
import {join} from 'node:path'
import {execa} from 'execa'
import {writeArchive} from '../../../scripts/image/archive.ts'
import {findProgram} from './binaries.ts'

// containerd wants full names; nothing is ever pulled by them.
const LOCAL = 'docker.io/local'

/** The image that holds a pod's namespaces. */
export const PAUSE = `${LOCAL}/pause:1`

/** A tool box for pods: busybox under all its names. Pods that use it say `imagePullPolicy: Never`. */
export const BOX = `${LOCAL}/box:1`

/** How long both images wait by themselves: for ever. */
const SLEEP = ['/bin/sleep', '2147483647']

/** Builds both images as docker archives in a folder; the files. */
export async function buildBoxes(folder: string): Promise<string[]> {
  const rootfs = await busyboxRoot(folder)
  const files = []
  for (const reference of [PAUSE, BOX]) {
    const file = join(folder, `${/\/([a-z]+):/.exec(reference)?.[1]}.tar`)
    await writeArchive(rootfs, boxConfig(SLEEP), reference, file)
    files.push(file)
  }
  return files
}

/** A root file system with nothing but busybox, made in a folder; its path. */
export async function busyboxRoot(folder: string): Promise<string> {
  const rootfs = join(folder, 'busybox')
  const bin = join(rootfs, 'bin')
  for (const each of ['bin', 'etc', 'tmp', 'proc', 'sys', 'dev']) await mkdir(join(rootfs, each), {recursive: true})
  await copyFile(findProgram('busybox') ?? 'busybox', join(bin, 'busybox'))
  const {stdout} = await execa('busybox', ['--list'])
  for (const name of stdout.split('\n')) if (name !== 'busybox') await symlink('busybox', join(bin, name))
  return rootfs
}

/** How an image with that root file system is run. */
export const boxConfig = (entrypoint: readonly string[]): Record<string, unknown> => ({
  architecture: process.arch === 'x64' ? 'amd64' : process.arch,
  os: 'linux',
  config: {Env: ['PATH=/bin'], Entrypoint: entrypoint},
})
