import {runNpmAgent} from './run-agent.ts'

await runNpmAgent(process.argv.slice(2))
