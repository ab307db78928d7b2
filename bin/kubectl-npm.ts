import '../plugin/older-node.ts'
import {dirname} from 'node:path'
import {runPlugin} from './run-plugin.ts'

await runPlugin(process.argv.slice(2), dirname(import.meta.dirname))
