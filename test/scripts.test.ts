import {execa} from 'execa'
import {expect, test} from 'vitest'
import packageFacts from '../package.json' with {type: 'json'}

/** Scripts that people call with options. */
const called = ['build', 'executables', 'image', 'bench', 'cluster'] as const

const start = (name: (typeof called)[number], ...words: readonly string[]) => {
  const file = packageFacts.scripts[name].split(' ').at(-1) as string
  return execa(process.execPath, [file, ...words], {reject: false})
}

test.concurrent.each(called)('npm run %s says how it is called', async name => {
  const {stdout, exitCode} = await start(name, '--help')
  expect(stdout).toContain(`npm run ${name}`)
  expect(exitCode).toBe(0)
})

test.concurrent.each(called)(
  'npm run %s refuses what it does not know without a stack trace, and says how it is called',
  async name => {
    const {stdout, stderr, exitCode} = await start(name, '--nosuch')
    expect(stderr).toMatch(/^error: Unknown option '--nosuch'/)
    expect(stderr).toContain(`npm run ${name}`)
    expect(stderr).not.toMatch(/^ +at /m)
    expect([stdout, exitCode]).toEqual(['', 2])
  },
)
