/**
 * Asks HNS of this node, as the agent does, what a file of steps says, and prints the answers as JSON: node hns.js STEPS.json
 */
import {readFileSync} from 'node:fs'
import {HnsFailure} from '../../../agent/hns/failure.ts'
import type {HnsOperation} from '../../../agent/hns/hns.ts'
import {nodeFunctions} from '../../../agent/hns/node-functions.ts'
import {openHns} from '../../../agent/hns/open-hns.ts'
import {run} from '../../../agent/node/run.ts'

export type Step = 'version' | 'networks' | 'endpoints' | HnsOperation

const steps = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as readonly Step[]
const signal = new AbortController().signal
const hns = openHns(await nodeFunctions({run, timeoutMs: 60_000, largestBytes: 2 ** 27}), {callMs: 60_000, pausesMs: []})

/** What a test sees of a failure. */
function shown(error: unknown): object {
  if (!(error instanceof HnsFailure)) throw error
  const {message, hresult, outcome, next} = error
  return {message, hresult, outcome, next}
}

const answers: unknown[] = []
for (const step of steps)
  if (step === 'version') answers.push(await hns.version(signal))
  else if (typeof step === 'string') {
    const {failures, ...read} = await hns[step](signal)
    answers.push({...read, failures: failures.map(shown)})
  } else answers.push(await hns.modify(step).then(() => 'done', shown))
process.stdout.write(JSON.stringify({way: hns.way, answers}))
