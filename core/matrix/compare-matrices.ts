import type {MatrixChange} from '../contract/matrix.ts'
import {InputError} from '../problem/input-error.ts'
import {type MatrixInput, type ProbedPort, probes} from './matrix.ts'

/**
 * Compares two inputs probe by probe. When `after` has no rules, the policies of both are compared.
 *
 * @param after with the same ends and ports as `before`
 * @returns probes whose verdict differs: now accepted, no longer accepted, and unknown on one side
 */
export function compareMatrices(
  before: MatrixInput,
  after: MatrixInput,
): {opens: MatrixChange[]; closes: MatrixChange[]; unknown: MatrixChange[]} {
  const {dump: _, ...policies} = before
  const first = after.dump ? before : policies
  const opens: MatrixChange[] = []
  const closes: MatrixChange[] = []
  const unknown: MatrixChange[] = []
  const then = probes(after)
  for (const {source, destination, protocol, port, verdict} of probes(first)) {
    const next = then.next()
    if (next.done) break
    const change = {source, destination, protocol, port, before: verdict, after: next.value.verdict}
    if (change.before === change.after) continue
    if (change.before === 'unknown' || change.after === 'unknown') unknown.push(change)
    else if (change.after === 'accept') opens.push(change)
    else closes.push(change)
  }
  return {opens, closes, unknown}
}

const PORT = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/

/**
 * Parses a list of ports: `80,53/udp`. The default protocol is tcp.
 *
 * @throws InputError for a part that is no port
 */
export function parsePorts(text: string): ProbedPort[] {
  return text.split(',').map(part => {
    const parts = PORT.exec(part.trim())
    const port = Number(parts?.[1])
    if (!parts || port > 65535)
      throw new InputError(`--ports: "${part}" is no port`, 'Give numbers with an optional protocol: 80,53/udp,7400/sctp')
    return {protocol: (parts[2] ?? 'tcp') as ProbedPort['protocol'], port}
  })
}
