/** A service of the platform, on every node at one address, that pods are kept from. */
export interface PlatformService {
  readonly address: string
  /** Of tcp. */
  readonly port: number
}

/** The host's web service (WireServer), which gives a node its secrets. AKS and Azure CNI keep all pods from it. */
export const WIRE_SERVER: PlatformService = {address: '168.63.129.16', port: 80}

/** The metadata service of instances (IMDS), from which AKS keeps pods where its restriction is on. */
export const METADATA_SERVICE: PlatformService = {address: '169.254.169.254', port: 80}
