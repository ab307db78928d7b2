import {readFileSync} from 'node:fs'
import {median} from '../measure.ts'
import type {Cost} from './bench-node.ts'

/** In hundredths of a second, this process and its tools. Source: proc_pid_stat(5), utime, stime, cutime, cstime */
function processorTicks(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0)
}

/**
 * What something costs a process that goes on: the median of several times, after some that run in code that is not compiled yet.
 *
 * @param prepare what is done before each time and not measured
 */
export async function warmCost(
  {warmUp, runs}: {readonly warmUp: number; readonly runs: number},
  prepare: () => void | Promise<void>,
  body: () => Promise<void>,
): Promise<Cost> {
  const costs: Cost[] = []
  for (let run = 0; run < warmUp + runs; run++) {
    await prepare()
    const [ticks, startedAt] = [processorTicks(), performance.now()]
    await body()
    if (run >= warmUp)
      costs.push({seconds: (performance.now() - startedAt) / 1000, processorSeconds: (processorTicks() - ticks) / 100})
  }
  return {
    seconds: median(costs.map(({seconds}) => seconds)),
    processorSeconds: median(costs.map(({processorSeconds}) => processorSeconds)),
  }
}
