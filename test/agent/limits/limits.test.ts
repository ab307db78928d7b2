import {readFileSync} from 'node:fs'
import {expect, test} from 'vitest'
import {limits} from '../../../agent/limits/limits.ts'

test('an agent takes fewer connections than a relay passes on, so that it can choose who has to go', () => {
  const relay = readFileSync(new URL('../../../manifests/base/relay.yaml', import.meta.url), 'utf8')
  const passed = Number(/max-children=(\d+)/.exec(relay)?.[1])
  expect(limits.connections + limits.unauthenticatedConnections).toBeLessThan(passed)
})
