import {dirname} from 'node:path'
import packageFacts from '../package.json' with {type: 'json'}
import {runCli} from '../plugin/cli.ts'
import {requireNodeForTools} from '../plugin/node-version.ts'
import {setServices} from '../plugin/services.ts'

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
