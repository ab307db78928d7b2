/** What HNS refuses: a code, and its text in the language of the node. */
export class HnsFault extends Error {
  readonly code: number

  constructor(code: number) {
    super(`0x${code.toString(16)}`)
    this.code = code
  }
}

export const codes = {
  networkNotFound: 0x803b0001,
  endpointNotFound: 0x803b0002,
  policyNotFound: 0x803b0008,
  invalidPolicy: 0x803b000d,
  invalidPolicyType: 0x803b000e,
  remoteEndpoint: 0x803b000f,
  policyExists: 0x803b0012,
  unsupported: 0x803b0015,
  degraded: 0x803b0017,
  badGuid: 0x803b0019,
  invalidJson: 0x803b001b,
  stopping: 0x803b0020,
  referenced: 0x803b002c,
  unloaded: 0x803b0031,
  invalidArgument: 0x80070057,
  accessDenied: 0x80070005,
  notStarted: 0x80070426,
  unreachable: 0x800706ba,
  brokeOff: 0x800706be,
} as const

const TEXTS: Readonly<Record<'en' | 'de', ReadonlyMap<number, string>>> = {
  en: new Map([
    [codes.networkNotFound, 'The network was not found. '],
    [codes.endpointNotFound, 'The endpoint was not found. '],
    [codes.invalidPolicy, 'The provided policy configuration is invalid or missing parameters. '],
    [codes.invalidJson, 'Invalid JSON document string. '],
  ]),
  de: new Map([
    [codes.networkNotFound, 'Das Netzwerk wurde nicht gefunden. '],
    [codes.endpointNotFound, 'Der Endpunkt wurde nicht gefunden. '],
    [codes.invalidPolicy, 'Die angegebene Richtlinienkonfiguration ist ungültig, oder es fehlen Parameter. '],
    [codes.invalidJson, 'Ungültige JSON-Dokumentzeichenfolge. '],
  ]),
}
const OTHER = {en: 'The operation failed. ', de: 'Der Vorgang ist fehlgeschlagen. '}

/** The record that HNS gives with a failure. */
export const errorRecord = (code: number, language: 'en' | 'de'): string =>
  JSON.stringify({Success: false, Error: TEXTS[language].get(code) ?? OTHER[language], ErrorCode: code >>> 0})
