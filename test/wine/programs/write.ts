/**
 * Writes to this node, as the agent does, what a file of steps says, and prints the results as JSON: node write.js STEPS.json
 */
import {readFileSync} from 'node:fs'
import {setFaultHook} from '../../../agent/write/fault-point.ts'
import {openWriter} from '../../../agent/write/open-writer.ts'
import type {Plan} from '../../../core/contract/plan.ts'

export interface WriteStep {
  readonly does: 'apply' | 'rollback' | 'recover' | 'status'
  readonly plan?: Plan
  /** Ends this process at this fault point, from 1. */
  readonly killAt?: number
}

export interface WriteSteps {
  readonly stateDir: string
  readonly node: string
  readonly lockMs: number
  readonly steps: readonly WriteStep[]
}

const {stateDir, node, lockMs, steps} = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as WriteSteps
const log = {info: () => {}, warn: () => {}, error: () => {}, audit: () => {}}
const writer = openWriter({stateDir, node, version: '0.0.0', log, bounds: {lockMs}})
const by = `process ${process.pid}`
const answers: unknown[] = []
for (const {does, plan, killAt} of steps) {
  const passed: string[] = []
  setFaultHook(name => {
    passed.push(name)
    if (passed.length === killAt) process.kill(process.pid, 'SIGKILL')
  })
  const done = {
    apply: () => writer.apply(plan as Plan, {by}),
    rollback: () => writer.rollback({by, npmMayRun: false}),
    recover: async () => (await writer.recover()) ?? null,
    status: () => writer.status(),
  }
  answers.push({result: await done[does](), passed})
}
writer.stop()
process.stdout.write(JSON.stringify(answers))
process.exit()
