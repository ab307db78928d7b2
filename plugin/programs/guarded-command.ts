import {existsSync} from 'node:fs'

const SHELL = '/bin/sh'

/**
 * Starts a command whose process the shell becomes, and beside it a guard that ends it when the plugin is gone, however it went: the pipe
 * of descriptor 3 ends then. A line on the pipe says that there is nothing left to do. The guard is in the session of the command, and
 * outlives Ctrl-C on the terminal.
 */
const SCRIPT = `
whom=$$ folder=$2
[ "$1" = group ] && whom=-$$
shift 2
program=$1
case $1 in
*/*) ;;
*)
  set -f
  IFS=:
  for place in $PATH; do
    [ -f "$place/$1" ] && [ -x "$place/$1" ] && program=$place/$1 && break
  done
  ;;
esac
[ -f "$program" ] || exit 127
[ -x "$program" ] || exit 126
(
  trap '' INT TERM HUP
  read -r _ <&3 && exit
  kill -KILL "$$"
  [ -z "$folder" ] || { rm -f "$folder/api.sock"; rmdir "$folder"; }
  kill -KILL -- "$whom"
) </dev/null >/dev/null 2>&1 &
exec "$@" 3<&-
`

export interface GuardOptions {
  /** The command is the leader of a group of processes, which ends with it. */
  readonly isGroup?: boolean
  /** Removed behind it, with the socket `api.sock` in it. */
  readonly folder?: string
}

export interface GuardedCommand {
  readonly file: string
  readonly args: readonly string[]
  /** Whether descriptor 3 of the process has to be a pipe, to be ended with a line after the command. */
  readonly isGuarded: boolean
}

/** Exit codes of a shell for a command that is not there, or cannot be run. Source: POSIX, Shell Command Language, 2.8.2. */
export const shellExitCodes: Readonly<Record<number, string>> = {126: 'EACCES', 127: 'ENOENT'}

/**
 * A command that ends when this process does, also by SIGKILL.
 *
 * On Windows that is so for every child: libuv puts them into a job object that ends with this process. A machine without a shell gets the
 * command as it is.
 */
export function guardedCommand(file: string, args: readonly string[], options: GuardOptions = {}): GuardedCommand {
  if (process.platform === 'win32' || !existsSync(SHELL)) return {file, args, isGuarded: false}
  const {isGroup = false, folder = ''} = options
  return {file: SHELL, args: ['-c', SCRIPT, 'kubectl-npm', isGroup ? 'group' : 'process', folder, file, ...args], isGuarded: true}
}
