import type {Command, Interfaces} from '@oclif/core'
import {verbs} from './commands/index.ts'

/** What our package says of itself, needed at run time. */
export interface PackageFacts {
  readonly name: string
  readonly version: string
  readonly description: string
}

/**
 * oclif's view of our verbs, from memory: oclif would look for files, and in a bundle there are none. Only the verb that
 * is called is loaded; of the others the list needs no more than a summary.
 */
export async function memoryPlugin(facts: PackageFacts, root: string, called: string | undefined): Promise<Interfaces.Plugin> {
  const pjson = {
    ...facts,
    oclif: {bin: 'kubectl npm', dirname: 'kubectl-npm', topicSeparator: ' '},
  } as unknown as Interfaces.PJSON
  const commands = await Promise.all(Object.keys(verbs).map(id => loadable(id, facts.name, id === called)))
  return {
    _base: '',
    alias: facts.name,
    commandIDs: Object.keys(verbs),
    commands,
    commandsDir: undefined,
    // oclif asks the commands it was given; nothing calls this with an id that is not among them.
    findCommand: (async (id: string) => verbs[id]?.load()) as Interfaces.Plugin['findCommand'],
    hasManifest: false,
    hooks: {},
    isRoot: true,
    load: async () => {},
    moduleType: 'module',
    name: facts.name,
    options: {root},
    pjson,
    root,
    topics: [],
    type: 'core',
    valid: true,
    version: facts.version,
  }
}

async function loadable(id: string, pluginName: string, isCalled: boolean): Promise<Command.Loadable> {
  const verb = verbs[id] as (typeof verbs)[string]
  const load = async () => Object.assign(await verb.load(), {id})
  const common = {id, summary: verb.summary, aliases: [], hiddenAliases: [], args: {}, flags: {}, hidden: false, pluginName, load}
  if (!isCalled) return common
  const called = await load()
  const {description, examples, usage, strict} = called
  // oclif's help wants each flag and argument to know its name.
  const named = <Item extends object>(items: Record<string, Item>) =>
    Object.fromEntries(Object.entries(items).map(([name, item]) => [name, {...item, name}]))
  const flags = named({...called.baseFlags, ...called.flags})
  return {...common, description, examples, usage, strict, args: named(called.args), flags}
}
