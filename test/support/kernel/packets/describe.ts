import {execFileSync} from 'node:child_process'
import process from 'node:process'
import {describe} from 'vitest'
import {describeKernel} from '../describe.ts'
import {kernelTools} from '../tools.ts'

/** A `describe` for tests with real packets: where the kernel tests can run and Python is there to send them. */
export function describePackets(name: string, body: () => void): void {
  if (kernelTools().missing !== undefined || hasPython()) {
    describeKernel(name, body)
    return
  }
  const missing = 'python3 does not work here; see scripts/install-tools.sh'
  if (process.env.KERNEL_TESTS === 'required') throw new Error(`kernel tests are required, but ${missing}`)
  process.stderr.write(`skipped: ${missing}: ${name}\n`)
  describe.skip(`${name} (skipped: ${missing})`, body)
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
