import {expect, test} from 'vitest'
import type {WriteResult} from '../../../core/contract/writes.ts'
import {painter} from '../../../plugin/print/paint.ts'
import {pendingLines, restorePointLines, writeFailure, writeResultLines} from '../../../plugin/print/write-result.ts'

/* What a person reads when a write has ended, for each way in which it can. Whoever changes a word reads it here. */

const id = '20261130T090000Z-7'
const done: WriteResult = {
  apiVersion: 'kubectl-npm/v1',
  kind: 'WriteResult',
  node: 'n2',
  id,
  verb: 'apply',
  outcome: 'applied',
  state: 'after',
  planDigest: '4035e7513879',
  restorePoint: `/var/lib/npm-agent/restore-points/${id}`,
  operations: 3,
  durationMs: 180,
  problems: [],
}
const flows = Array.from({length: 12}, (_, at) => ({
  protocol: 'tcp',
  source: '10.0.1.9',
  sourcePort: 40_000 + at,
  destination: '10.0.2.1',
  destinationPort: 5432,
  from: 'ops/job',
  to: 'shop/db',
  reason: 'rule 2 of AZURE-NPM-INGRESS',
}))
const failedAt = {
  step: 2,
  operation: 'add azure-npm-1 10.0.1.1',
  message: 'ipset restore: Error in line 1: Hash is full, cannot add more elements',
  next: 'The set has no room. Look at it: ipset list -t',
}
const plain = painter(false)

const ends: Readonly<Record<string, WriteResult>> = {
  done,
  'nothing to do': {...done, outcome: 'nothingToDo', operations: 0},
  'awaits its confirmation': {...done, outcome: 'awaitingConfirmation', confirmWithinMs: 60_000},
  confirmed: {...done, verb: 'confirm', outcome: 'confirmed'},
  'not confirmed in time': {...done, outcome: 'rolledBack', state: 'before'},
  'taken back by hand': {...done, verb: 'rollback', outcome: 'rolledBack', state: 'before'},
  'connections go on': {...done, deniedFlows: flows},
  'connections are ended': {...done, deniedFlows: flows.slice(0, 2).map(flow => ({...flow, ended: true}))},
}
const failures: Readonly<Record<string, WriteResult>> = {
  'a line fails, and it is taken back': {...done, outcome: 'rolledBack', state: 'before', failedAt},
  'a line fails, and so does the way back': {...done, outcome: 'failed', state: 'unknown', failedAt},
  'refused before the first line': {
    ...done,
    outcome: 'failed',
    state: 'before',
    failedAt: {step: 0, operation: '', message: 'the node has changed since the plan was made', next: 'Plan again.'},
  },
}

test('every end of a write reads as it did', async () => {
  const screens = [
    ...Object.entries(ends).map(([what, result]) => [`### ${what}`, ...writeResultLines(result, '--node n2', plain)]),
    ...Object.entries(failures).map(([what, result]) => {
      const {message, next} = writeFailure(result)
      return [`### ${what}`, `error: ${message}`, `  ${next}`]
    }),
    [
      '### what is kept, and what is open',
      ...restorePointLines(
        {
          apiVersion: 'kubectl-npm/v1',
          kind: 'WriteStatusList',
          items: [
            {
              node: 'n2',
              pending: {id, by: 'root', since: '2026-11-30T09:00:00Z', secondsLeft: 41.2},
              restorePoints: [
                {id, takenAt: '2026-11-30T09:00:00Z', by: 'root', verb: 'apply', outcome: 'awaitingConfirmation'},
                {
                  id: 'x',
                  takenAt: '2026-11-29T09:00:00Z',
                  by: 'c-12',
                  verb: 'apply',
                  outcome: 'applied',
                  damaged: 'a file is cut off',
                },
              ],
            },
          ],
          failures: [],
        },
        plain,
      ),
      ...pendingLines('n3', {interrupted: 'the restore point is damaged'}, plain),
    ],
  ]
  await expect(`${screens.map(lines => lines.join('\n')).join('\n\n')}\n`).toMatchFileSnapshot('../../golden/write-results.txt')
})

test('every failure says in which state the node is', () => {
  for (const result of Object.values(failures))
    expect(writeFailure(result).message).toMatch(/the node has what|nothing was changed|not known what the node has/)
})
