import {InputError} from '../../../core/problem/input-error.ts'

/** The error of a kubeconfig that leads nowhere. @param reason in the words of kubectl */
export const kubeconfigError = (
  reason: string,
  next = 'Check --kubeconfig and KUBECONFIG with: kubectl config view',
): InputError => new InputError(`kubeconfig: ${reason}`, next)

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  ENOTDIR: 'not a directory',
}

/** Why a file cannot be read, in the words of Go. @param call what failed */
export function fileReason(call: 'open' | 'stat', file: string, error: unknown): string {
  const {code = '', message} = error as NodeJS.ErrnoException
  return `${code === 'EISDIR' ? 'read' : call} ${file}: ${REASONS[code] ?? message}`
}
