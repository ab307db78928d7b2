import {availableParallelism} from 'node:os'
import {join} from 'node:path'
import {defineConfig} from 'vitest/config'
import {PackedSequencer} from './test/packed-sequencer.ts'

const shared = {
  // Tests start processes and load rules into real kernels; how long that takes is not what they are about.
  testTimeout: 240_000,
  hookTimeout: 120_000,
  setupFiles: './test/property-seed.ts',
  // By itself vitest waits one second for what a test polls, and a busy machine may need more.
  expect: {poll: {timeout: 60_000}},
  // Hundreds of tests run the command line: Node then compiles each file once, not in every process.
  env: {NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node-compile')},
  // Clusters, agents and watched screens wait more than they compute, beside tests that do compute: two more than there are cores.
  maxWorkers: availableParallelism() + 2,
}

/** Replaces modules, so it wants a worker of its own. */
const REPLACING = 'test/core/linux/parse-once.test.ts'

export default defineConfig({
  test: {
    reporters: ['default', './test/count-reporter.ts'],
    sequence: {sequencer: PackedSequencer},
    projects: [
      {
        test: {
          ...shared,
          name: 'core',
          include: ['test/core/**/*.test.ts'],
          exclude: [REPLACING],
          // core is pure: nothing of one file of tests is left for the next, so a worker loads its modules once for all of them.
          isolate: false,
        },
      },
      {
        test: {
          ...shared,
          name: 'all others',
          include: ['test/!(core|cluster)/**/*.test.ts', 'test/*.test.ts', REPLACING],
        },
      },
      {
        test: {
          ...shared,
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          hookTimeout: 3_600_000,
          testTimeout: 300_000,
        },
      },
    ],
  },
})
