import {runAgent} from '../agent/cli.ts'
import packageFacts from '../package.json' with {type: 'json'}

process.exitCode = await runAgent(process.argv.slice(2), packageFacts.version)
