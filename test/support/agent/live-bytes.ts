import {setFlagsFromString} from 'node:v8'
import {runInNewContext} from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/**
 * Memory of this process that something holds: garbage, which comes and goes with the load of the machine, left out.
 *
 * @returns bytes of the heap and of buffers
 */
export function liveBytes(): number {
  // What the first one frees may hold buffers, which the second one frees.
  collect()
  collect()
  const {heapUsed, external} = process.memoryUsage()
  return heapUsed + external
}
