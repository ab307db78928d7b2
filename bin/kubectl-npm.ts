import {dirname} from 'node:path'
import {InputError} from '../core/problem/input-error.ts'
import packageFacts from '../package.json' with {type: 'json'}
import {runCli} from '../plugin/cli.ts'
import {setServices} from '../plugin/services.ts'
import {tooOldNode} from './node-version.ts'

function requireNodeForTools(): void {
  const reason = tooOldNode()
  if (reason !== undefined) throw new InputError(reason, 'Install a newer Node, or take a dump and read it with --from.')
}

setServices({
  localDocuments: async () => {
    requireNodeForTools()
    const {localDocuments} = await import('../agent/node/local-node.ts')
    return localDocuments(packageFacts.version)
  },
  readLocal: async signal => {
    requireNodeForTools()
    const {readLocalNode} = await import('../agent/node/local-node.ts')
    return readLocalNode({signal})
  },
})
process.exitCode = await runCli(process.argv.slice(2), packageFacts, dirname(import.meta.dirname))
