/** Value of `accept` for a list whose objects have nothing but metadata. Source: the Kubernetes API, alternate representations. */
export const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'

/** Such a list, as far as it is read. */
export interface MetadataList {
  readonly items: readonly {
    readonly metadata: {
      readonly name: string
      readonly namespace?: string
      readonly labels?: Readonly<Record<string, string>>
    }
  }[]
}
