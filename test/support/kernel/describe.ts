import {test} from 'vitest'
import {describeWhere} from '../describe-where.ts'
import {type Namespace, openNamespace} from './namespace.ts'
import {kernelTools} from './tools.ts'

/** A `describe` for tests on the real kernel. */
export function describeKernel(name: string, body: () => void): void {
  describeWhere(kernelTools().missing, name, body)
}

/** A test with a namespace of its own, removed afterwards whatever happens. For use inside `describeKernel`. */
export function kernelTest(name: string, body: (namespace: Namespace) => Promise<void>): void {
  test(name, async () => {
    await using namespace = await openNamespace()
    await body(namespace)
  })
}
