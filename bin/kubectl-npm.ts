import {dirname} from 'node:path'
import packageFacts from '../package.json' with {type: 'json'}
import {runCli} from '../plugin/cli.ts'
import {provide} from '../plugin/services.ts'

provide({readLocal: async signal => (await import('../agent/read/node.ts')).readNode({signal})})
process.exitCode = await runCli(process.argv.slice(2), packageFacts, dirname(import.meta.dirname))
