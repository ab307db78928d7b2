import {execFileSync} from 'node:child_process'
import {mkdirSync, statSync} from 'node:fs'
import {systemFile} from '../hns/system-folder.ts'
import {isWindows} from '../node/system.ts'
import {WriteFailure} from './write-failure.ts'

/** Folders whose rights this process has set. */
const closed = new Set<string>()

/**
 * Makes the folder of lock, journal and restore points, which only root may read and write: who could write there could have anything put
 * into the node. One that is there already and that others may write to is refused, wherever `--state-dir` leads. On Windows the modes of
 * files say nothing, and everybody may make folders where this one is: it is given to the administrators, and closed to all but them and
 * the system, also when it is there.
 *
 * @throws Error of the file system; WriteFailure when its rights cannot be set
 */
export function makeStateFolder(path: string): void {
  mkdirSync(path, {recursive: true, mode: 0o700})
  if (!isWindows) refuseOpenFolder(path)
  if (!isWindows || closed.has(path)) return
  try {
    icacls(path, '/setowner', ADMINISTRATORS)
    icacls(path, '/inheritance:r', '/grant:r', ...[SYSTEM, ADMINISTRATORS].map(sid => `${sid}:(OI)(CI)F`))
  } catch (error) {
    const {stderr, message} = error as Error & {stderr?: Buffer}
    throw new WriteFailure(
      `the folder ${path} cannot be closed to other users: ${stderr?.toString().trim() || message}`,
      'Run it as administrator, or give another folder with --state-dir.',
    )
  }
  closed.add(path)
}

/** Who may write here could put a journal and restore points in the place of ours, or links to files of root. */
function refuseOpenFolder(path: string): void {
  const {uid, mode} = statSync(path)
  const isOthers = uid !== 0 && uid !== process.geteuid?.()
  if (!isOthers && (mode & OTHERS_MAY_WRITE) === 0) return
  throw new WriteFailure(
    `the folder ${path} ${isOthers ? `belongs to user ${uid}` : 'can be written to by others'}, who could have anything put into the node`,
    'Give a folder of root with --state-dir, in which only root may write.',
  )
}

const OTHERS_MAY_WRITE = 0o022

const icacls = (...args: readonly string[]) =>
  execFileSync(systemFile('icacls.exe'), args, {stdio: ['ignore', 'ignore', 'pipe'], windowsHide: true})

/** Names would be in the language of the machine. Source: well-known SIDs */
const SYSTEM = '*S-1-5-18'
const ADMINISTRATORS = '*S-1-5-32-544'
