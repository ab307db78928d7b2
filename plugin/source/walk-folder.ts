import type {Dirent} from 'node:fs'
import {opendir, realpath} from 'node:fs/promises'
import {join, sep} from 'node:path'
import type {Problem} from '../../core/problem/problem.ts'
import type {InputBudget} from '../bytes/input-budget.ts'
import {reasonOf} from './reason.ts'

/** No dump lies that deep. The limit also keeps paths short enough for the system. */
export const DEEPEST = 100

const SHOWN = 8

/** Regular files below a folder, and what was left out. */
export interface FolderContent {
  /** In one order on every machine: problems and ties must not depend on the file system. */
  readonly files: readonly {readonly path: string; readonly folder: string}[]
  readonly problems: readonly Problem[]
}

/** Names of what is left out for one reason. */
export class LeftOut {
  private readonly names: string[] = []

  add(name: string): void {
    this.names.push(name)
  }

  /** One problem with the first names and the number of the others; none without names. */
  problems(file: string, rest: Pick<Problem, 'code' | 'message' | 'next'>): Problem[] {
    const count = this.names.length
    if (count === 0) return []
    const shown = this.names.toSorted().slice(0, SHOWN).join(', ')
    const more = count > SHOWN ? ` and ${count - SHOWN} more` : ''
    return [{file, ...rest, message: `${shown}${more}: ${rest.message}`}]
  }
}

/**
 * Finds all regular files below a folder, except those whose names begin with a dot.
 *
 * Links are not followed, neither to folders nor to files: a folder that somebody sent may link to any file of this machine, whose
 * content would stand in answers and dumps, and to itself. A link that the person names is another thing: it was chosen.
 *
 * @param folder a folder, or a link to one
 * @throws what reading the folder itself throws; InputLimitError when there is too much below it
 */
export async function walkFolder(folder: string, budget: InputBudget): Promise<FolderContent> {
  const files: {path: string; folder: string}[] = []
  const inner = new LeftOut()
  const outer = new LeftOut()
  const special = new LeftOut()
  const unread = new Map<string, LeftOut>()
  const root = await realpath(folder)
  const waiting = [{path: folder, depth: 0}]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const {path, depth} = next
    try {
      for await (const entry of await opendir(path)) {
        budget.takeEntry(folder)
        await take(entry, path, depth)
      }
    } catch (error) {
      if (path === folder || !isSystemError(error)) throw error
      const reason = reasonOf(error)
      const its = unread.get(reason) ?? new LeftOut()
      unread.set(reason, its)
      its.add(path)
    }
  }
  return {
    files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    problems: [
      ...[...unread].flatMap(([reason, its]) =>
        its.problems(folder, {
          code: 'UNREADABLE_FILE',
          message: `cannot be read: ${reason}`,
          next: 'What is in there is left out, the rest is read. Check the rights.',
        }),
      ),
      ...outer.problems(folder, {
        code: 'UNREADABLE_FILE',
        message: 'links that lead out of the folder or nowhere are not followed',
        next: 'Give what they lead to with a flag of its own, if you mean it.',
      }),
      ...inner.problems(folder, {
        code: 'UNSUPPORTED_FILE',
        message: 'links within the folder are not followed; what they lead to is read where it lies',
        next: 'Nothing to do, unless a node lacks a file: then put the file itself in its folder.',
      }),
      ...special.problems(folder, {
        code: 'UNREADABLE_FILE',
        message: 'pipes, sockets and devices are not opened, nor folders more than 100 deep',
        next: 'Give the files you mean one by one.',
      }),
    ],
  }

  async function take(entry: Dirent, parent: string, depth: number): Promise<void> {
    const path = join(parent, entry.name)
    const isHidden = entry.name.startsWith('.')
    if (entry.isDirectory() && depth < DEEPEST) waiting.push({path, depth: depth + 1})
    else if (entry.isDirectory()) special.add(path)
    else if (isHidden) return
    else if (entry.isFile()) files.push({path, folder: parent})
    else if (entry.isSymbolicLink()) ((await leadsInto(path, root)) ? inner : outer).add(path)
    else special.add(path)
  }
}

async function leadsInto(link: string, root: string): Promise<boolean> {
  try {
    const target = await realpath(link)
    return target === root || target.startsWith(root.endsWith(sep) ? root : root + sep)
  } catch {
    return false
  }
}

const isSystemError = (error: unknown): boolean => (error as NodeJS.ErrnoException).code !== undefined
