import {lstatSync, readdirSync, type Stats, unlinkSync} from 'node:fs'
import {join} from 'node:path'
import {isAbandoned} from '../cleanup/owned-name.ts'
import {removeDumpFolder} from './existing-dump.ts'

/** How the names of dumps end that are not whole yet. */
export const PART = '.part'
/** What is added for the dump that one is about to replace. */
export const REPLACED = '.old'

/**
 * Removes what dumps that were killed have left in a folder. Files and folders of other people, links, and whatever no dump wrote stay; a
 * dump that was about to be replaced stays as well, when nothing has taken its place.
 *
 * @returns what there is to say of it, a sentence for each. Never throws.
 */
export function removeAbandonedParts(folder: string): string[] {
  const names = namesIn(folder).filter(name => /\.part(?:\.old)?$/.test(name) && isAbandoned(name))
  const said: string[] = []
  for (const name of names) {
    const path = join(folder, name)
    const part = name.endsWith(REPLACED) ? name.slice(0, -REPLACED.length) : name
    const isHalfReplaced = names.includes(part) && names.includes(`${part}${REPLACED}`)
    if (!isHalfReplaced) {
      if (remove(path)) said.push(`${path} was left by a dump that was killed, and is removed`)
    } else if (name !== part)
      said.push(
        `${path} is an earlier dump; ${join(folder, part)} was to replace it and was killed just before: keep one of them`,
      )
  }
  return said
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function remove(path: string): boolean {
  try {
    const stats = lstatSync(path)
    if (!isOwn(stats)) return false
    if (stats.isDirectory()) return removeDumpFolder(path)
    if (!stats.isFile()) return false
    unlinkSync(path)
    return true
  } catch {
    // Another dump removes it at the same time.
    return false
  }
}

/** Windows knows no such owner. */
const isOwn = ({uid}: Stats): boolean => process.getuid === undefined || uid === process.getuid()
