/**
 * The functions of Windows by which HNS, the Host Networking Service, is asked: text in, text out, and what came back beside it. Nothing
 * is interpreted here. Source: computenetwork.h and vmcompute.dll of Windows Server 2019 and later.
 */

export type HnsObject = 'network' | 'endpoint'

/** What a function gives back. */
export interface HnsAnswer {
  /** As a signed or an unsigned number. */
  readonly hresult: number
  /** What a function gives that asks for something: JSON. */
  readonly result?: string | undefined
  /** JSON `{Success, Error, ErrorCode}`. It may come beside an HRESULT that says all is well, and then it counts. */
  readonly errorRecord?: string | undefined
}

/** An open object. Only who made it looks into it. */
export type HnsHandle = object | bigint | number

export interface HnsOpened extends HnsAnswer {
  readonly handle?: HnsHandle | undefined
}

/**
 * The boundary to HNS: ten functions of computenetwork.dll, five for each sort of object, and `HNSCall` of vmcompute.dll. Calls do not
 * reject for what HNS answers; they do when a function cannot be called at all, with an `HnsFailure`.
 */
export interface HnsFunctions {
  /** What stands behind it, to be shown. */
  readonly way: string
  /** `HcnEnumerateNetworks`, `HcnEnumerateEndpoints`: a JSON array of GUIDs. */
  enumerate(object: HnsObject, query: string): Promise<HnsAnswer>
  /** `HcnOpenNetwork`, `HcnOpenEndpoint`. */
  open(object: HnsObject, guid: string): Promise<HnsOpened>
  /** `HcnQueryNetworkProperties`, `HcnQueryEndpointProperties`: the document of an object. */
  query(object: HnsObject, handle: HnsHandle, query: string): Promise<HnsAnswer>
  /** `HcnModifyNetwork`, `HcnModifyEndpoint`. */
  modify(object: HnsObject, handle: HnsHandle, request: string): Promise<HnsAnswer>
  /** `HcnCloseNetwork`, `HcnCloseEndpoint`. */
  close(object: HnsObject, handle: HnsHandle): Promise<HnsAnswer>
  /** `HNSCall(method, path, request)`: `{Success, Output}` or `{Success, Error}`. */
  call(method: string, path: string, request: string): Promise<HnsAnswer>
}

/** The name of a function as Windows has it. */
export function functionName(verb: 'enumerate' | 'open' | 'query' | 'modify' | 'close', object: HnsObject): string {
  const noun = object === 'network' ? 'Network' : 'Endpoint'
  if (verb === 'enumerate') return `HcnEnumerate${noun}s`
  if (verb === 'query') return `HcnQuery${noun}Properties`
  return `Hcn${verb.charAt(0).toUpperCase()}${verb.slice(1)}${noun}`
}
