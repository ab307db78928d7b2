import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {parseArgs} from 'node:util'
import {problemText} from '../core/problem-text.ts'
import {escapeControls} from '../core/text/escape.ts'
import {readNode} from './read/node.ts'

const USAGE = `npm-agent: reads what Azure NPM has programmed on this node

Usage
  npm-agent read FOLDER    writes the node's iptables rules and ipsets into FOLDER, which
                           kubectl npm translate --from FOLDER reads; needs root
  npm-agent --version
  npm-agent --help
`

/** Could not do it. */
const FAILED = 2

/** @returns the exit code */
export async function runAgent(argv: readonly string[], version: string): Promise<number> {
  try {
    const {values, positionals} = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {version: {type: 'boolean'}, help: {type: 'boolean', short: 'h'}},
    })
    const [verb, folder, ...rest] = positionals
    if (values.version) process.stdout.write(`npm-agent/${version} ${process.platform}-${process.arch} node-${process.version}\n`)
    else if (values.help || verb === undefined) process.stdout.write(USAGE)
    else if (verb === 'read' && folder !== undefined && rest.length === 0) return await readInto(folder)
    else return fail(`cannot understand "${argv.join(' ')}"`, 'See npm-agent --help')
    return 0
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error), 'See npm-agent --help')
  }
}

function fail(message: string, next: string): number {
  process.stderr.write(`error: ${escapeControls(message)}\n  ${next}\n`)
  return FAILED
}

const fileOf = (command: string): string => `${command.replaceAll(/[^a-z0-9-]+/gi, '-')}.txt`

async function readInto(folder: string): Promise<number> {
  if (process.getuid?.() !== 0) return fail('reading the kernel needs root', 'Run it with sudo.')
  const {documents, problems} = await readNode()
  await mkdir(folder, {recursive: true})
  for (const {name, text} of documents) {
    await writeFile(join(folder, fileOf(name)), text.join(''))
    process.stdout.write(`${join(folder, fileOf(name))}\n`)
  }
  for (const problem of problems) process.stderr.write(`warning: ${problemText(problem)}\n`)
  return documents.length > 0 ? 0 : FAILED
}
