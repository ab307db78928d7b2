import process from 'node:process'
import {describe, test} from 'vitest'
import {type Namespace, openNamespace} from './namespace.ts'
import {kernelTools} from './tools.ts'

/**
 * A `describe` for tests on the real kernel. Where they cannot run they are skipped, and the reason is printed.
 * `KERNEL_TESTS=required` makes that a failure, for machines that must not skip them unseen.
 */
export function describeKernel(name: string, body: () => void): void {
  const {missing} = kernelTools()
  if (missing === undefined) {
    describe(name, body)
    return
  }
  if (process.env.KERNEL_TESTS === 'required') throw new Error(`kernel tests are required, but ${missing}`)
  process.stderr.write(`skipped: ${missing}: ${name}\n`)
  describe.skip(`${name} (skipped: ${missing})`, body)
}

/** A test with a namespace of its own, removed afterwards whatever happens. For use inside `describeKernel`. */
export function kernelTest(name: string, body: (namespace: Namespace) => Promise<void>): void {
  test(name, async () => {
    await using namespace = await openNamespace()
    await body(namespace)
  })
}
