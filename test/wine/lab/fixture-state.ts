import {hnsFixture} from '../../support/windows/hns-fixture.ts'
import type {HnsDocument, StandInState} from './stand-in-state.ts'

/** What HNS of the node in the fixtures has. */
export function fixtureState(): StandInState {
  const networks = hnsFixture('networks.json') as HnsDocument[]
  const {endpoints, queryResults} = hnsFixture('endpoints.json') as {
    endpoints: HnsDocument[]
    queryResults: {attached: string[]; attachedSharing: string[]}
  }
  const states = Object.fromEntries([
    ...queryResults.attached.map(id => [id, 2]),
    ...queryResults.attachedSharing.map(id => [id, 3]),
  ])
  return {networks, endpoints, states, version: {Major: 15, Minor: 4}}
}
