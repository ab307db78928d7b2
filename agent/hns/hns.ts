import type {HnsFailure} from './failure.ts'
import type {HnsObject} from './functions.ts'

/** The version of HNS, as it numbers its features: sets need 13.0, nested sets 15.0. */
export interface HnsVersion {
  readonly major: number
  readonly minor: number
}

/** Objects of one sort. What HNS did not give is in `failures`; an object that vanished while it was read is not missed. */
export interface ReadObjects {
  /** The documents as HNS gave them: JSON of the V2 shape, one of each object. */
  readonly documents: readonly string[]
  /** Ids of objects that are there, and could not be read. */
  readonly unread: readonly string[]
  readonly failures: readonly HnsFailure[]
}

export interface ReadEndpoints extends ReadObjects {
  /** Documents of V2 do not tell the state of an endpoint: the ids of those that a pod is attached to. */
  readonly attached: readonly string[]
  readonly attachedSharing: readonly string[]
}

/** Reads HNS of this node. */
export interface HnsReader {
  /** By what it is reached, to be shown. */
  readonly way: string
  /** Undefined when HNS does not tell it. */
  version(signal: AbortSignal): Promise<HnsVersion | undefined>
  /** All networks. Does not reject for what HNS answers. */
  networks(signal: AbortSignal): Promise<ReadObjects>
  /** All endpoints. Does not reject for what HNS answers. */
  endpoints(signal: AbortSignal): Promise<ReadEndpoints>
  /**
   * The document of one endpoint.
   *
   * @throws HnsFailure with the outcome `gone` when there is no such endpoint
   */
  endpoint(id: string, signal?: AbortSignal): Promise<string>
}

/** A request to change one object. */
export interface HnsOperation {
  readonly object: HnsObject
  /** GUID. */
  readonly id: string
  /** `ModifyNetworkSettingRequest` or `ModifyEndpointSettingRequest`: `{ResourceType, RequestType, Settings}`. */
  readonly request: object
}

/** HNS of this node, to read and to change. */
export interface Hns extends HnsReader {
  /**
   * Changes one object. A request that HNS has certainly not taken is sent again a few times.
   *
   * @throws HnsFailure with the outcome `uncertain` when it may have been done, all or in part
   */
  modify(operation: HnsOperation, signal?: AbortSignal): Promise<void>
}
