import packageFacts from '../package.json' with {type: 'json'}
import {tooOldNode} from '../plugin/node-version.ts'

const reason = tooOldNode("running the node's tools")
if (reason === undefined) {
  const {runAgent} = await import('../agent/cli.ts')
  process.exitCode = await runAgent(process.argv.slice(2), packageFacts.version, async stateDir => {
    const {readLocalStatus} = await import('../plugin/agents/local-agent.ts')
    return readLocalStatus(stateDir, new AbortController().signal)
  })
} else {
  process.stderr.write(`error: ${reason}\n  Install a newer Node.\n`)
  process.exitCode = 2
}
