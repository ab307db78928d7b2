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
  readLocal: async (signal, {isBeforeWrite = false, ...options} = {}) => {
    requireNodeForTools()
    const {readLocalNode} = await import('../agent/node/local-node.ts')
    const generation = isBeforeWrite ? (await import('../agent/netlink/generation.ts')).rulesGeneration : undefined
    return readLocalNode({...options, generation, signal})
  },
  localCounters: async () => {
    requireNodeForTools()
    const {localCounters} = await import('../agent/live/local-counters.ts')
    return localCounters()
  },
  hasNpmProcess: async () => {
    const [{hasNpmProcess}, {nodeSource}] = await Promise.all([
      import('../agent/node/npm-process.ts'),
      import('../agent/node/node-source.ts'),
    ])
    return hasNpmProcess(await nodeSource())
  },
  openWriter: async stateDir => {
    requireNodeForTools()
    const {openWriter} = await import('../agent/write/open-writer.ts')
    const {nodeName} = await import('../agent/node/node-name.ts')
    const {auditFileLog} = await import('../agent/write/audit-file.ts')
    const node = nodeName()
    const log = auditFileLog(stateDir, text => void process.stderr.write(`${text}\n`))
    const writer = openWriter({stateDir, node, version: packageFacts.version, log})
    const by = 'root'
    return {
      node,
      apply: (plan, options) => writer.apply(plan, {by, ...options}),
      rollback: options => writer.rollback({by, ...options}),
      confirm: options => writer.confirm({by, ...options}),
      status: options => writer.status(options),
      settled: (id, signal) => writer.settled(id, signal),
      stop: () => writer.stop(),
    }
  },
})

/**
 * Runs the plugin, and says by the exit code how it ended.
 *
 * @param words behind `kubectl npm`
 * @param root  folder of the program
 */
export async function runPlugin(words: readonly string[], root: string): Promise<void> {
  if (words[0] === '__complete') {
    // For kubectl, where only this file is installed.
    const {printCompletions} = await import('../plugin/completion/complete.ts')
    await printCompletions(words.slice(1))
  } else process.exitCode = await runCli(words, packageFacts, root)
}
