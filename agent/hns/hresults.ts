/**
 * What HRESULTs of HNS mean, and what to do. Decisions are made by these codes and never by the text beside them: it is in the language
 * of the node. Source: winerror.h, facilities 0x3b (HCN, GCN) and 7 (Win32).
 */

/** What a code says of a call. */
export type HnsOutcome =
  /** The object is not there: its pod has ended meanwhile. */
  | 'gone'
  /** The service does not take calls just now, and has not taken this one. */
  | 'away'
  /** The call broke off, or the object is degraded: the call may come through later, and may have been done. */
  | 'uncertain'
  | 'refused'

export interface Hresult {
  readonly name: string
  readonly meaning: string
  readonly outcome: HnsOutcome
  readonly next: string
}

const READ_AGAIN = 'Read the node and plan again: kubectl npm diff --local'
const REPORT = 'HNS did not take what it was asked. Please report it with the message and the version of Windows.'
const LOOK_AT_SERVICE =
  'See how the service is: Get-Service hns. Its log: Get-WinEvent -LogName Microsoft-Windows-Host-Network-Service-Admin'
const DEGRADED = 'Look for lost adapters of this node: Get-NetAdapter, hnsdiag list all. The node may need a restart.'

const next: Readonly<Record<HnsOutcome, string>> = {
  gone: READ_AGAIN,
  away: LOOK_AT_SERVICE,
  uncertain: LOOK_AT_SERVICE,
  refused: REPORT,
}

/** Code, name, meaning; outcome and next where they are not what is usual. */
type Row = readonly [code: number, name: string, meaning: string, outcome?: HnsOutcome, next?: string]

const ROWS: readonly Row[] = [
  [0x80_3b_00_01, 'HCN_E_NETWORK_NOT_FOUND', 'there is no such network', 'gone'],
  [0x80_3b_00_02, 'HCN_E_ENDPOINT_NOT_FOUND', 'there is no such endpoint', 'gone'],
  [0x80_3b_00_03, 'HCN_E_LAYER_NOT_FOUND', 'the layer below the network is missing', 'refused', DEGRADED],
  [0x80_3b_00_04, 'HCN_E_SWITCH_NOT_FOUND', 'the virtual switch is missing', 'refused', DEGRADED],
  [0x80_3b_00_05, 'HCN_E_SUBNET_NOT_FOUND', 'there is no subnet for the endpoint'],
  [0x80_3b_00_06, 'HCN_E_ADAPTER_NOT_FOUND', 'the adapter is missing', 'refused', DEGRADED],
  [0x80_3b_00_07, 'HCN_E_PORT_NOT_FOUND', 'the port of the virtual switch is missing', 'refused', DEGRADED],
  [0x80_3b_00_08, 'HCN_E_POLICY_NOT_FOUND', 'a set or rule that the request names is missing', 'refused', READ_AGAIN],
  [0x80_3b_00_09, 'HCN_E_VFP_PORTSETTING_NOT_FOUND', 'a setting of the port is missing', 'refused', DEGRADED],
  [0x80_3b_00_0a, 'HCN_E_INVALID_NETWORK', 'the document of the network is wrong or incomplete'],
  [0x80_3b_00_0b, 'HCN_E_INVALID_NETWORK_TYPE', 'the type of the network is wrong'],
  [0x80_3b_00_0c, 'HCN_E_INVALID_ENDPOINT', 'the document of the endpoint is wrong or incomplete'],
  [0x80_3b_00_0d, 'HCN_E_INVALID_POLICY', 'a set or rule of the request is wrong or incomplete'],
  [0x80_3b_00_0e, 'HCN_E_INVALID_POLICY_TYPE', 'this build of Windows does not know that type of policy'],
  [0x80_3b_00_0f, 'HCN_E_INVALID_REMOTE_ENDPOINT_OPERATION', 'policies of an endpoint of another node cannot be changed here'],
  [0x80_3b_00_10, 'HCN_E_NETWORK_ALREADY_EXISTS', 'there is a network of that name'],
  [0x80_3b_00_11, 'HCN_E_LAYER_ALREADY_EXISTS', 'there is such a layer'],
  [0x80_3b_00_12, 'HCN_E_POLICY_ALREADY_EXISTS', 'there is such a set or rule', 'refused', READ_AGAIN],
  [0x80_3b_00_13, 'HCN_E_PORT_ALREADY_EXISTS', 'there is such a port'],
  [0x80_3b_00_14, 'HCN_E_ENDPOINT_ALREADY_ATTACHED', 'the endpoint is attached'],
  [0x80_3b_00_15, 'HCN_E_REQUEST_UNSUPPORTED', 'this build of Windows does not know such a request'],
  [0x80_3b_00_16, 'HCN_E_MAPPING_NOT_SUPPORTED', 'ports cannot be mapped on this network'],
  [0x80_3b_00_17, 'HCN_E_DEGRADED_OPERATION', 'the object is degraded, as after the loss of an adapter', 'uncertain', DEGRADED],
  [0x80_3b_00_18, 'HCN_E_SHARED_SWITCH_MODIFICATION', 'several networks share the virtual switch'],
  [0x80_3b_00_19, 'HCN_E_GUID_CONVERSION_FAILURE', 'a text is no GUID'],
  [0x80_3b_00_1a, 'HCN_E_REGKEY_FAILURE', 'the registry of the node failed', 'refused', LOOK_AT_SERVICE],
  [0x80_3b_00_1b, 'HCN_E_INVALID_JSON', 'the JSON is malformed, or has a member that this build of Windows does not know'],
  [0x80_3b_00_1c, 'HCN_E_INVALID_JSON_REFERENCE', 'the JSON refers to what is not there'],
  [0x80_3b_00_1d, 'HCN_E_ENDPOINT_SHARING_DISABLED', 'endpoints cannot be shared here'],
  [0x80_3b_00_1e, 'HCN_E_INVALID_IP', 'an address is invalid or outside of every subnet'],
  [0x80_3b_00_1f, 'HCN_E_SWITCH_EXTENSION_NOT_FOUND', 'an extension of the virtual switch is missing', 'refused', DEGRADED],
  [0x80_3b_00_20, 'HCN_E_MANAGER_STOPPED', 'the service is stopping', 'away'],
  [0x80_3b_00_21, 'GCN_E_MODULE_NOT_FOUND', 'a module of the service is missing', 'refused', LOOK_AT_SERVICE],
  [0x80_3b_00_22, 'GCN_E_NO_REQUEST_HANDLERS', 'nothing handles such a request'],
  [0x80_3b_00_23, 'GCN_E_REQUEST_UNSUPPORTED', 'such a request is not supported'],
  [0x80_3b_00_24, 'GCN_E_RUNTIMEKEYS_FAILED', 'keys could not be added', 'refused', LOOK_AT_SERVICE],
  [0x80_3b_00_25, 'GCN_E_NETADAPTER_TIMEOUT', 'an adapter did not appear in time', 'refused', DEGRADED],
  [0x80_3b_00_26, 'GCN_E_NETADAPTER_NOT_FOUND', 'an adapter is missing', 'refused', DEGRADED],
  [0x80_3b_00_27, 'GCN_E_NETCOMPARTMENT_NOT_FOUND', 'a compartment is missing', 'refused', DEGRADED],
  [0x80_3b_00_28, 'GCN_E_NETINTERFACE_NOT_FOUND', 'an interface is missing', 'refused', DEGRADED],
  [0x80_3b_00_29, 'GCN_E_DEFAULTNAMESPACE_EXISTS', 'there is a default namespace'],
  [0x80_3b_00_2a, 'HCN_E_ICS_DISABLED', 'the service for shared connections is disabled'],
  [0x80_3b_00_2b, 'HCN_E_ENDPOINT_NAMESPACE_ALREADY_EXISTS', 'the endpoint is in a namespace'],
  [0x80_3b_00_2c, 'HCN_E_ENTITY_HAS_REFERENCES', 'a set or rule still refers to it', 'refused', READ_AGAIN],
  [0x80_3b_00_2d, 'HCN_E_INVALID_INTERNAL_PORT', 'an internal port is missing or zero'],
  [0x80_3b_00_2e, 'HCN_E_NAMESPACE_ATTACH_FAILED', 'the endpoint could not be attached to its namespace'],
  [0x80_3b_00_2f, 'HCN_E_ADDR_INVALID_OR_RESERVED', 'an address is invalid or reserved'],
  [0x80_3b_00_30, 'HCN_E_INVALID_PREFIX', 'a prefix is invalid'],
  [0x80_3b_00_31, 'HCN_E_OBJECT_USED_AFTER_UNLOAD', 'the object was taken away while it was used', 'gone'],
  [0x80_3b_00_32, 'HCN_E_INVALID_SUBNET', 'the document of a subnet is wrong'],
  [0x80_3b_00_33, 'HCN_E_INVALID_IP_SUBNET', 'the document of an IP subnet is wrong'],
  [0x80_3b_00_34, 'HCN_E_ENDPOINT_NOT_ATTACHED', 'the endpoint is not attached', 'refused', READ_AGAIN],
  [0x80_3b_00_35, 'HCN_E_ENDPOINT_NOT_LOCAL', 'the endpoint is not of this node'],
  [0x80_3b_00_36, 'HCN_INTERFACEPARAMETERS_ALREADY_APPLIED', 'the parameters of the interface are set'],
  [0x80_3b_00_37, 'HCN_E_VFP_NOT_ALLOWED', 'the network is of a type without packet filtering'],
  [0x80_07_04_90, 'ERROR_NOT_FOUND', 'the object is not there', 'gone'],
  [0x80_07_06_ba, 'RPC_S_SERVER_UNAVAILABLE', 'the service of HNS cannot be reached: it is stopped, or starts again', 'away'],
  [0x80_07_06_be, 'RPC_S_CALL_FAILED', 'the service of HNS ended during the call', 'uncertain'],
  [0x80_07_04_26, 'ERROR_SERVICE_NOT_ACTIVE', 'the service of HNS is not started', 'away', 'Start it: Start-Service hns'],
  [
    0x80_07_00_05,
    'E_ACCESSDENIED',
    'this process is neither SYSTEM nor an administrator',
    'refused',
    'Run it as administrator; in a pod, as HostProcess container with the user NT AUTHORITY\\SYSTEM.',
  ],
  [0x80_07_00_57, 'E_INVALIDARG', 'a pointer, handle or GUID is wrong'],
  [0x80_00_40_01, 'E_NOTIMPL', 'this build of Windows does not have that function'],
  [0x80_07_00_0e, 'E_OUTOFMEMORY', 'the node has no memory left', 'refused', 'Look at the memory of the node.'],
  [
    0x80_07_00_7e,
    'ERROR_MOD_NOT_FOUND',
    'computenetwork.dll is missing: this build of Windows cannot run containers',
    'refused',
    'Run it on a node that runs Windows containers, or read a dump: --from PATH',
  ],
]

const byCode: ReadonlyMap<number, Hresult> = new Map(
  ROWS.map(([code, name, meaning, outcome = 'refused', then = next[outcome]]) => [code, {name, meaning, outcome, next: then}]),
)

/** @param code unsigned. @returns undefined for a code that is not known here */
export const knownHresult = (code: number): Hresult | undefined => byCode.get(code)

/** An HRESULT as Windows prints it: `0x803b000d`. */
export const hexOf = (code: number): string => `0x${(code >>> 0).toString(16).padStart(8, '0')}`
