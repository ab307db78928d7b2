import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {makeBundle} from '../executables/bundle.ts'
import {makeExecutable} from '../executables/executable.ts'
import {platforms} from '../executables/platforms.ts'
import {type CommandLine, measure, median, NODE} from './measure.ts'
import type {Row} from './table.ts'

const root = join(import.meta.dirname, '../..')
const save = join(root, 'test/fixtures/captures/v2-base36-nft/iptables-save.txt')
const shop = join(root, 'examples/shop')

const VERSION: CommandLine = ['kubectl', 'version', '--client']
const HELP: CommandLine = ['kubectl', 'help', 'get']
/** What a person waits for, and what kubectl does that is most like it. */
const compared: readonly {readonly words: readonly string[]; readonly beside: CommandLine}[] = [
  {words: ['--version'], beside: VERSION},
  {words: ['--help'], beside: HELP},
  {words: ['help', 'trace'], beside: HELP},
  {words: ['translate', '--from', save], beside: VERSION},
  {words: ['compile', '-f', join(root, 'examples/policies.yaml')], beside: VERSION},
  {words: ['trace', 'shop/web-1', 'shop/api-0', '--port', '8080', '--from', shop], beside: VERSION},
]
const AIM = 1.5
/** Of each program in each round: what the shell counts is as fine as a hundredth of a second. */
const RUNS_IN_A_ROUND = 5

/**
 * How long the single executable for this system takes beside kubectl, or beside Node where there is no kubectl: in each round all programs, one
 * after the other.
 *
 * @returns nothing where there is no executable for this system, or Node for it cannot be had
 */
export async function executableRows(rounds: number): Promise<Row[]> {
  const platform = platforms.find(({runtime}) => runtime === `${process.platform}-${process.arch}`)
  if (!platform) return []
  const folder = await mkdtemp(join(tmpdir(), 'kubectl-npm-bench-'))
  try {
    const [bundle, program] = [join(folder, 'bundle'), join(folder, platform.program)]
    await makeBundle(bundle)
    await makeExecutable(platform, bundle, program)
    const hasKubectl = await measure(VERSION, 1).then(
      () => true,
      () => false,
    )
    const besideOf = (beside: CommandLine): CommandLine => (hasKubectl ? beside : [NODE, '-e', '0'])
    const lines = compared.map(({words, beside}) => ({words, own: [program, ...words] as CommandLine, beside: besideOf(beside)}))
    const taken = await take(
      lines.flatMap(({own, beside}) => [own, beside]),
      rounds,
    )
    return lines.map(({words, own, beside}) => {
      const [mine, others] = [taken.get(own.join(' ')), taken.get(beside.join(' '))] as [Taken, Taken]
      const ratio = mine.processors / others.processors
      const name = hasKubectl ? beside.join(' ') : 'node'
      return {
        what: `executable ${words.join(' ').replaceAll(`${root}/`, '')}`,
        size: '',
        median: `${mine.passed.toFixed(3)} s, ${(mine.passed / others.passed).toFixed(2)} ×`,
        processors: `${mine.processors.toFixed(3)} s`,
        ratio: `${ratio.toFixed(2)} × ${name}`,
        aim: `${AIM} ×`,
        met: ratio <= AIM ? 'yes' : 'no',
      }
    })
  } catch (error) {
    console.error(`… no executable: ${(error as Error).message}`)
    return []
  } finally {
    await rm(folder, {recursive: true, force: true})
  }
}

interface Taken {
  /** Seconds of all processors, and seconds that pass, of one run. */
  readonly processors: number
  readonly passed: number
}

async function take(commands: readonly CommandLine[], rounds: number): Promise<Map<string, Taken>> {
  const programs = new Map(commands.map(command => [command.join(' '), command]))
  const all = new Map<string, Taken[]>([...programs.keys()].map(name => [name, []]))
  for (let round = 0; round < rounds; round++) for (const [name, command] of programs) all.get(name)?.push(await once(command))
  return new Map(
    [...all].map(([name, each]) => [
      name,
      {processors: median(each.map(({processors}) => processors)), passed: median(each.map(({passed}) => passed))},
    ]),
  )
}

/** The shell counts what its children take; Node does not. */
const LOOP = 'for run in 1 2 3 4 5; do "$@" >/dev/null 2>&1 </dev/null; done; times'

async function once(command: CommandLine): Promise<Taken> {
  const start = performance.now()
  const {stdout} = await execa('sh', ['-c', LOOP, 'sh', ...command])
  const passed = (performance.now() - start) / 1000
  const [, children = ''] = stdout.trim().split('\n').slice(-2)
  const seconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(([, minutes, rest]) => Number(minutes) * 60 + Number(rest))
  return {processors: seconds.reduce((sum, each) => sum + each, 0) / RUNS_IN_A_ROUND, passed: passed / RUNS_IN_A_ROUND}
}
