import type {HnsReader, ReadObjects} from '../hns/hns.ts'
import type {DocumentReader} from './document-reader.ts'

/**
 * The objects of HNS as documents. Each object is in them as HNS gave it, and what HNS did not give is named: a document that lacks some
 * does not seem to be whole.
 */

export const networksReader = (hns: HnsReader): DocumentReader =>
  async function* read(signal) {
    const version = await hns.version(signal)
    const networks = await hns.networks(signal)
    yield* documentOf('networks', networks, {hns: 'networks', ...(version && {version})})
    return {command: `networks of HNS, by ${hns.way}`, problems: networks.failures.map(({problem}) => problem)}
  }

export const endpointsReader = (hns: HnsReader): DocumentReader =>
  async function* read(signal) {
    const endpoints = await hns.endpoints(signal)
    const {attached, attachedSharing} = endpoints
    yield* documentOf('endpoints', endpoints, {hns: 'endpoints', queryResults: {attached, attachedSharing}})
    return {command: `endpoints of HNS, by ${hns.way}`, problems: endpoints.failures.map(({problem}) => problem)}
  }

const PIECE_OBJECTS = 100

/** @param about goes before the objects */
function* documentOf(name: string, {documents, unread, failures}: ReadObjects, about: object): Generator<Uint8Array> {
  // Nothing is known, not even that there is nothing.
  if (failures.length > 0 && documents.length + unread.length === 0) return
  const encoder = new TextEncoder()
  const members = Object.entries({...about, ...(unread.length > 0 && {unread})})
  const head = members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)},\n`).join('')
  yield encoder.encode(`{${head}"${name}":[`)
  for (let at = 0; at < documents.length; at += PIECE_OBJECTS) {
    const piece = documents.slice(at, at + PIECE_OBJECTS).map(text => `\n${text}`)
    yield encoder.encode(`${at === 0 ? '' : ','}${piece.join(',')}`)
  }
  yield encoder.encode('\n]}\n')
}
