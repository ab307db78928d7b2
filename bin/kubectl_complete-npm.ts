import {printCompletions} from '../plugin/completion/complete.ts'

await printCompletions(process.argv.slice(2))
