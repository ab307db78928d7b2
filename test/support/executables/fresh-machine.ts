import {cp, mkdir, readdir} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {execa} from 'execa'

/**
 * Every library that `debian:12-slim` has and a program in C++ may ask for; not libatomic. Of what else is in that image a program gets nothing
 * here: no user, no /etc, no folder for temporary files.
 */
const LIBRARIES = ['libc.so.6', 'libdl.so.2', 'libgcc_s.so.1', 'libm.so.6', 'libpthread.so.0', 'librt.so.1', 'libstdc++.so.6']
const LOADER = '/lib64/ld-linux-x86-64.so.2'

/** Why none can be made here. */
export function noFreshMachine(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return `this is ${process.platform} on ${process.arch}`
  return process.getuid?.() === 0 ? undefined : 'changing the root folder needs root'
}

/** A machine on which nothing is installed but libraries of C and C++. */
export interface FreshMachine {
  /** Runs a program as a user that the machine does not know, without any variable. */
  run(words: readonly string[]): Promise<{exitCode?: number; stdout: string; stderr: string}>
}

/**
 * Makes a fresh machine in a folder.
 *
 * @param files what is copied to it: its path there, and where it lies here
 */
export async function freshMachine(root: string, files: Readonly<Record<string, string>>): Promise<FreshMachine> {
  const folder = '/lib/x86_64-linux-gnu'
  const libraries = LIBRARIES.map(name => join(folder, name))
  for (const path of [LOADER, ...libraries]) await copy(path, join(root, path))
  for (const [path, from] of Object.entries(files)) await copy(from, join(root, path))
  if ((await readdir(join(root, folder))).some(name => name.startsWith('libatomic'))) throw new Error('the machine has libatomic')
  await mkdir(join(root, 'proc'))
  const apart = ['--net', '--mount', '--pid', '--fork', `--mount-proc=${join(root, 'proc')}`]
  return {
    run: ([program = '', ...words]) =>
      execa('unshare', [...apart, 'chroot', '--userspec=23456:23456', root, program, ...words], {
        reject: false,
        extendEnv: false,
        env: {PATH: '/usr/sbin:/usr/bin'},
      }),
  }
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), {recursive: true})
  await cp(from, to, {recursive: true, dereference: true})
}
