import {mkdir, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {documentOfNode, openNode, type ReadNode} from '../../../agent/write/read-node.ts'
import {sha256} from '../../../agent/write/sealed-record.ts'
import type {Plan} from '../../../core/contract/plan.ts'
import {loadRules, loadSets, saveRules, saveSets} from '../kernel/load.ts'
import {type Namespace, openNamespace} from '../kernel/namespace.ts'
import type {Backend} from '../kernel/tools.ts'
import {temporaryFolder} from '../temporary-folder.ts'
import {NODE, planOf} from './plan-of.ts'
import {startWriter, type WriterProcess, type WriterProcessOptions} from './process.ts'
import type {WriterState} from './states.ts'

type Opened = Omit<ReadNode, 'files'>

/** A node with a real kernel, in a namespace of its own, that writer processes write to. */
export class WriterLab implements AsyncDisposable {
  readonly namespace: Namespace
  readonly backend: Backend
  /** Of the writers; below a folder that is removed at the end. */
  readonly stateDir: string
  private readonly program: string | undefined
  private readonly stack: AsyncDisposableStack

  private constructor(
    facts: Pick<WriterLab, 'namespace' | 'backend' | 'stateDir'>,
    program: string | undefined,
    stack: AsyncDisposableStack,
  ) {
    this.namespace = facts.namespace
    this.backend = facts.backend
    this.stateDir = facts.stateDir
    this.program = program
    this.stack = stack
  }

  /** @param program of the writers; by default their sources */
  static async open(backend: Backend = 'nft', program?: string): Promise<WriterLab> {
    await using stack = new AsyncDisposableStack()
    const namespace = stack.use(await openNamespace())
    const folder = stack.use(await temporaryFolder())
    return new WriterLab({namespace, backend, stateDir: join(folder.path, 'state')}, program, stack.move())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stack.disposeAsync()
  }

  /** Gives the node a state, whatever it has. */
  async load({sets, rules}: WriterState): Promise<void> {
    await this.namespace.run(`iptables-${this.backend}-restore`, ['-w', '60'], {stdin: '*filter\nCOMMIT\n'})
    for (const does of ['flush', 'destroy']) await this.namespace.run('ipset', [does])
    await loadSets(this.namespace, sets)
    await loadRules(this.namespace, this.backend, rules)
  }

  /** The node as it is now. */
  async read(): Promise<Opened> {
    const [rules, sets] = [await saveRules(this.namespace, this.backend), await saveSets(this.namespace)]
    return openNode(NODE, [
      documentOfNode(`iptables-${this.backend}-save.txt`, [rules]),
      ...(this.backend === 'legacy' ? [documentOfNode('iptables-nft-save.txt', [''])] : []),
      documentOfNode('ipset-save.txt', [sets]),
    ])
  }

  rules(): Promise<string> {
    return saveRules(this.namespace, this.backend)
  }

  /** What is of other programs: it is never to change. */
  async foreign(): Promise<string> {
    const rules = (await saveRules(this.namespace, this.backend)).replaceAll(/\[\d+:\d+\]/g, '')
    const sets = await saveSets(this.namespace)
    const lines = [...rules.split('\n'), ...sets.split('\n')]
    return lines.filter(line => !/^#|AZURE-NPM|azure-npm-/.test(line)).join('\n')
  }

  /** Plans from a node to another one, as a file. */
  async plan(from: Opened, to: Opened): Promise<{readonly file: string; readonly plan: Plan}> {
    const plan = planOf(from, to, this.backend)
    return {file: await this.keep(plan), plan}
  }

  /** @returns its file */
  async keep(plan: Plan): Promise<string> {
    const file = join(this.stateDir, '..', `plan-${sha256(JSON.stringify(plan)).slice(0, 12)}.json`)
    await writeFile(file, JSON.stringify(plan))
    return file
  }

  /** Shell scripts that stand before the real tools. @returns the PATH for a writer */
  async tools(scripts: Readonly<Record<string, string>>): Promise<string> {
    const folder = join(this.stateDir, '..', 'tools')
    await mkdir(folder, {recursive: true})
    for (const [name, script] of Object.entries(scripts))
      await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, {mode: 0o755})
    return `${folder}:${process.env['PATH']}`
  }

  writer(options: Partial<WriterProcessOptions> = {}): Promise<WriterProcess> {
    const {namespace, stateDir, program} = this
    const env = {XTABLES_LOCKFILE: join(tmpdir(), `${namespace.name}.lock`), ...options.env}
    return startWriter({stateDir, node: NODE, program, within: ['ip', 'netns', 'exec', namespace.name], ...options, env})
  }
}
