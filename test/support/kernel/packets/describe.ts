import {execFileSync} from 'node:child_process'
import {describeWhere} from '../../describe-where.ts'
import {kernelTools} from '../tools.ts'

/** A `describe` for tests with real packets: where the kernel tests can run and Python is there to send them. */
export function describePackets(name: string, body: () => void): void {
  const missing = kernelTools().missing ?? (hasPython() ? undefined : 'python3 does not work here; see scripts/install-tools.sh')
  describeWhere(missing, name, body)
}

let works: boolean | undefined

/** Also whether it may enter namespaces by the C library, which a Python without ctypes cannot. */
function hasPython(): boolean {
  try {
    if (works === undefined) execFileSync('python3', ['-c', 'import ctypes, socket; ctypes.CDLL(None).setns'], {stdio: 'pipe'})
    works = true
  } catch {
    works = false
  }
  return works
}
