import {dirname} from 'node:path'

/** Could not answer: what a program leaves that ends before it has said anything else. */
const FAILED = 2

/**
 * Runs what a single executable is called as: it is all programs at once, by the name that it is called by. `__complete` as the first word asks
 * for what a shell could put in place of a word, where only one file is installed.
 */
export async function run(): Promise<void> {
  const [, name] = /([^/\\]*?)(?:\.exe)?$/i.exec(process.argv0) ?? []
  const words = process.argv.slice(2)
  process.exitCode = FAILED
  if (name === 'npm-agent') {
    const {runNpmAgent} = await import('./run-agent.ts')
    await runNpmAgent(words)
  } else if (name === 'kubectl_complete-npm') {
    const {printCompletions} = await import('../plugin/completion/complete.ts')
    await printCompletions(words)
    process.exitCode = 0
  } else {
    const {runPlugin} = await import('./run-plugin.ts')
    await runPlugin(words, dirname(process.execPath))
  }
}
