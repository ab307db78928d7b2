import {randomInt} from 'node:crypto'
import {execa} from 'execa'

// K of 10.K.0.0/16; low ones are what people's own networks like to have.
const FIRST = 20
const NUMBERS = 230

/**
 * Takes a number that no cluster and no network of this machine uses, by making the wire `kubeK` to the cluster. The wire's
 * other end is `kubeKc`.
 *
 * @throws Error when all are taken
 */
export async function takeNumber(): Promise<number> {
  const used = await usedNumbers()
  const start = randomInt(NUMBERS)
  for (let step = 0; step < NUMBERS; step++) {
    const number = FIRST + ((start + step) % NUMBERS)
    if (used.has(number)) continue
    const args = ['link', 'add', `kube${number}`, 'type', 'veth', 'peer', 'name', `kube${number}c`]
    const {failed, stderr} = await execa('ip', args, {reject: false})
    if (!failed) return number
    if (!stderr.includes('File exists')) throw new Error(`cannot make a veth pair: ${stderr}`)
  }
  throw new Error('no network 10.K.0.0/16 is free on this machine')
}

/** The K of all routes of this machine into a 10.K network; one to all of 10.0.0.0/8 is no obstacle. */
async function usedNumbers(): Promise<ReadonlySet<number>> {
  const {stdout} = await execa('ip', ['-4', 'route', 'show', 'table', 'all'])
  return new Set([...stdout.matchAll(/\b10\.(\d+)\.\d+\.\d+/g)].map(([, number]) => Number(number)))
}
