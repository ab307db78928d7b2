import {join} from 'node:path'
import {defineConfig} from 'vitest/config'

const shared = {
  // Tests start processes and load rules into real kernels; how long that takes is not what they are about.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  setupFiles: './test/property-seed.ts',
  // By itself vitest waits one second for what a test polls, and a busy machine may need more.
  expect: {poll: {timeout: 60_000}},
  // Hundreds of tests run the command line from its sources: Node then strips types and compiles each file once, not in every process.
  env: {NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node-compile')},
}

export default defineConfig({
  test: {
    reporters: ['default', './test/count-reporter.ts'],
    projects: [
      {
        test: {
          ...shared,
          name: 'all but the cluster',
          include: ['test/**/*.test.ts'],
          exclude: ['test/cluster/**'],
          // By itself vitest leaves one core free: with two that is half of them.
          maxWorkers: '100%',
        },
      },
      // Clusters wait more than they compute, so two of them share the cores; they come after all others, which do compute.
      {
        test: {
          ...shared,
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          maxWorkers: 2,
          sequence: {groupOrder: 1},
          hookTimeout: 1_800_000,
          testTimeout: 300_000,
        },
      },
    ],
  },
})
