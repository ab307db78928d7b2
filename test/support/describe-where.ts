import process from 'node:process'
import {describe} from 'vitest'

/**
 * A `describe` for tests that need something of the machine. Where it is missing they are skipped, and the reason is printed.
 * `KERNEL_TESTS=required` makes that a failure, for machines that must not skip them unseen.
 *
 * @param missing what is missing, in words; undefined when the tests can run
 */
export function describeWhere(missing: string | undefined, name: string, body: () => void): void {
  if (missing === undefined) {
    describe(name, body)
    return
  }
  if (process.env.KERNEL_TESTS === 'required') throw new Error(`"${name}" is required to run, but ${missing}`)
  process.stderr.write(`skipped: ${missing}: ${name}\n`)
  describe.skip(`${name} (skipped: ${missing})`, body)
}
