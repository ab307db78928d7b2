import {BaseSequencer, type TestSpecification} from 'vitest/node'

/** How many clusters run at once: each has a control plane, and some have nodes. */
const CLUSTERS = 2

/**
 * Seconds that files take, of those that take long; they are for the order only. By itself vitest takes a large file for a long one, and
 * the last one of a run would often be alone.
 */
const SECONDS: Readonly<Record<string, number>> = {
  'agent/rpc/faults': 40,
  'agent/serve/crowd': 34,
  'agent/write/crash': 44,
  'agreement/kubernetes': 63,
  'agreement/npm': 61,
  'agreement/undisturbed': 69,
  'plugin/agents/refusals': 25,
  'plugin/agents/windows-fleet': 55,
  'plugin/commands/apply': 30,
  'plugin/commands/apply-local': 30,
  'plugin/commands/golden': 35,
  'plugin/live/counter-truth': 64,
}
const CLUSTER_SECONDS = 70
const OTHER_SECONDS = 5

const secondsOf = ({project, moduleId}: TestSpecification): number => {
  const [, name = ''] = /\/test\/(.*)\.test\.ts$/.exec(moduleId) ?? []
  return SECONDS[name] ?? (project.name === 'cluster' ? CLUSTER_SECONDS : OTHER_SECONDS)
}

/**
 * Orders the files of a run so that those which wait run beside those which compute: clusters from the beginning to the end, two at a time,
 * long files before short ones. A worker takes the next file when it has done one.
 */
export class PackedSequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = (await super.sort(files)).toSorted((a, b) => secondsOf(b) - secondsOf(a))
    const {
      cluster = [],
      other = [],
      core = [],
    } = Object.groupBy(sorted, ({project: {name}}) => (name === 'cluster' || name === 'core' ? name : 'other'))
    const workers = files[0]?.project.config.maxWorkers ?? 1
    // Files of core come last, and in a row: only then a worker goes on with what it has loaded. They are short, which evens the end out.
    return [...packed(cluster, other, workers), ...core]
  }
}

/** Plays who takes which file when, and gives them in that order. */
export function packed<File extends TestSpecification>(
  cluster: readonly File[],
  other: readonly File[],
  workers: number,
): File[] {
  const waiting = {cluster: [...cluster], other: [...other]}
  const running = Array.from({length: workers}, () => ({until: 0, isCluster: false}))
  const order: File[] = []
  while (waiting.cluster.length + waiting.other.length > 0) {
    const worker = running.reduce((a, b) => (b.until < a.until ? b : a))
    const clusters = running.filter(each => each !== worker && each.isCluster && each.until > worker.until).length
    const isCluster = waiting.other.length === 0 || (clusters < CLUSTERS && waiting.cluster.length > 0)
    const file = (isCluster ? waiting.cluster : waiting.other).shift() as File
    order.push(file)
    worker.until += secondsOf(file)
    worker.isCluster = isCluster
  }
  return order
}
