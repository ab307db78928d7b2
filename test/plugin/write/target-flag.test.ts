import {expect, test} from 'vitest'
import {AGENT_STATE_DIR} from '../../../core/contract/agent.ts'
import {forTarget} from '../../../plugin/write/target-flag.ts'

const here = {local: true, 'state-dir': AGENT_STATE_DIR}
const elsewhere = {local: true, 'state-dir': '/srv/a b'}
const far = {local: false, 'state-dir': AGENT_STATE_DIR}

test.each([
  {
    flags: here,
    says: 'See what there is: kubectl npm rollback --list',
    is: 'See what there is: kubectl npm rollback --local --list',
  },
  {flags: far, says: 'Plan again: kubectl npm apply --dry-run', is: 'Plan again: kubectl npm apply --node n --dry-run'},
  {
    flags: elsewhere,
    says: 'It is whole: kubectl npm rollback --to 1; look at them: kubectl npm flows denied',
    is: "It is whole: kubectl npm rollback --local --state-dir '/srv/a b' --to 1; look at them: kubectl npm flows denied --local",
  },
  {flags: far, says: 'Read the node: kubectl npm diff --local', is: 'Read the node: kubectl npm diff --node n'},
  {flags: far, says: 'See: kubectl npm rollback --list --node n', is: 'See: kubectl npm rollback --list --node n'},
  {flags: far, says: 'Make room: df -h /x.', is: 'Make room: df -h /x.'},
])('what to do next means the node that was asked: $is', ({flags, says, is}) => {
  expect(forTarget({message: 'm', next: says}, 'n', flags)).toEqual({message: 'm', next: is})
})
