import packageFacts from '../package.json' with {type: 'json'}
import {tooOldNode} from '../plugin/node-version.ts'

/** Runs the agent, and says by the exit code how it ended. */
export async function runNpmAgent(words: readonly string[]): Promise<void> {
  const reason = tooOldNode("running the node's tools")
  if (reason !== undefined) {
    process.stderr.write(`error: ${reason}\n  Install a newer Node.\n`)
    process.exitCode = 2
    return
  }
  const {runAgent} = await import('../agent/cli.ts')
  process.exitCode = await runAgent(words, packageFacts.version, async stateDir => {
    const {readLocalStatus} = await import('../plugin/agents/local-agent.ts')
    return readLocalStatus(stateDir, new AbortController().signal)
  })
}
