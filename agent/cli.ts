import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {parseArgs} from 'node:util'
import {AGENT_STATE_DIR, type AgentStatus, CLIENTS_ADDRESS, CLIENTS_SOCKET} from '../core/contract/agent.ts'
import {InputError} from '../core/problem/input-error.ts'
import {problemText} from '../core/problem/problem-text.ts'
import {escapeControls} from '../core/text/escape.ts'
import {optimizeHeapForSize} from './serve/heap-options.ts'

const USAGE = `npm-agent: reads and repairs what Azure NPM has programmed on this node

Usage
  npm-agent serve          answers kubectl npm; needs root and a way to the API server
    --socket PATH          where clients come in (${CLIENTS_SOCKET};
                           on Windows ${CLIENTS_ADDRESS})
    --kubeconfig FILE      outside of a pod
    --node NAME            this node's name (NODE_NAME, else the host's name)
    --namespace NAME       of the accounts whose tokens are taken (ACCOUNT_NAMESPACE, else kubectl-npm)
    --state-dir DIR        for the socket of --local, restore points and the journal of writes
                           (${AGENT_STATE_DIR})
    --no-watch             does not follow the cluster: diff is then not possible
    --read-only            loads nothing that could change the node
    --metrics-listen [ADDRESS:]PORT
                           serves /node-metrics and /cluster-metrics there, to Prometheus; off by default
    --metrics-auth token|none
                           token: TLS, and only for who may get the path (default); none: plain HTTP for all
    --no-ipset-counts      no series for each set
    --lite                 Azure NPM is NPM Lite here
    --exit-after-idle N    ends when nobody has been connected for N seconds
    --deadline N           ends after N seconds
  npm-agent status [--state-dir DIR] [-o json]
                           tells what the agent of this node knows; needs root
  npm-agent read FOLDER    writes the node's rules and sets into FOLDER, which
                           kubectl npm translate --from FOLDER reads; needs root
  npm-agent --version
  npm-agent --help
`

/** Could not do it. */
const FAILED = 2

/** Asks the agent that runs in a state folder for its status; undefined when none answers. The executable has the client. */
export type ReadLocalStatus = (stateDir: string) => Promise<AgentStatus | undefined>

/**
 * Runs `npm-agent`.
 *
 * @param argv the arguments behind the program's name
 * @returns the exit code: 0 done, 2 could not do it
 */
export async function runAgent(argv: readonly string[], version: string, readLocalStatus: ReadLocalStatus): Promise<number> {
  const [verb, ...rest] = argv
  try {
    if (verb === '--version')
      process.stdout.write(`npm-agent/${version} ${process.platform}-${process.arch} node-${process.version}\n`)
    else if (verb === undefined || rest.includes('--help') || ['--help', '-h'].includes(verb)) process.stdout.write(USAGE)
    else if (verb === 'read' && rest.length === 1) return await readInto(rest[0] as string)
    else if (verb === 'serve') {
      optimizeHeapForSize()
      const {serveCommand} = await import('./serve/command.ts')
      await serveCommand(rest, version)
    } else if (verb === 'status') return await status(rest, readLocalStatus)
    else return fail(`cannot understand "${argv.join(' ')}"`, 'See npm-agent --help')
    return 0
  } catch (error) {
    if (error instanceof InputError) return fail(error.message, error.next)
    return fail(error instanceof Error ? error.message : String(error), 'See npm-agent --help')
  }
}

function fail(message: string, next: string): number {
  process.stderr.write(`error: ${escapeControls(message)}\n  ${escapeControls(next)}\n`)
  return FAILED
}

async function status(args: readonly string[], readLocalStatus: ReadLocalStatus): Promise<number> {
  const {values} = parseArgs({
    args: [...args],
    options: {'state-dir': {type: 'string', default: AGENT_STATE_DIR}, output: {type: 'string', short: 'o', default: 'text'}},
  })
  const answer = await readLocalStatus(values['state-dir'])
  if (!answer)
    return fail(
      `no agent answers in ${values['state-dir']}`,
      'Say where its state folder is with --state-dir, and run this as root.',
    )
  if (values.output === 'json') process.stdout.write(`${JSON.stringify(answer, undefined, 2)}\n`)
  else {
    const {state, asOf = 'never', failure, pods, namespaces, policies} = answer.knowledge
    const {signaturesUnchecked, metrics} = answer
    const lines = [
      `npm-agent ${answer.version} on node ${answer.node}, since ${answer.startedAt}`,
      `cluster: ${state}, as of ${asOf}: ${pods} pods, ${namespaces} namespaces, ${policies} policies`,
      ...(failure === undefined ? [] : [`  ${failure}`]),
      ...(signaturesUnchecked === undefined ? [] : [`signatures of tokens are not checked here: ${signaturesUnchecked}`]),
      ...(metrics
        ? [`metrics: ${metrics.port === undefined ? `not served: ${metrics.failure ?? ''}` : `port ${metrics.port}`}`]
        : []),
      `clients: ${answer.connections}; memory: ${Math.round(answer.memoryBytes / 1e6)} MB; ${answer.backend === 'hns' ? 'rules of HNS' : `iptables: ${answer.backend}`}`,
    ]
    process.stdout.write(lines.map(line => `${escapeControls(line)}\n`).join(''))
  }
  return 0
}

/** What stands behind a comma is by what it was read. */
const fileOf = (command: string): string => `${(command.split(',')[0] ?? '').replaceAll(/[^a-z0-9-]+/gi, '-')}.txt`

async function readInto(folder: string): Promise<number> {
  const {mayReadNode} = await import('./node/system.ts')
  if (!mayReadNode()) return fail('reading the kernel needs root', 'Run it with sudo.')
  const {readLocalNode} = await import('./node/local-node.ts')
  const {documents, problems} = await readLocalNode()
  await mkdir(folder, {recursive: true})
  for (const {name, text} of documents) {
    await writeFile(join(folder, fileOf(name)), text.join(''))
    process.stdout.write(`${join(folder, fileOf(name))}\n`)
  }
  for (const problem of problems) process.stderr.write(`warning: ${problemText(problem)}\n`)
  return documents.length > 0 ? 0 : FAILED
}
