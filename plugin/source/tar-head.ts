const TAR_MAGIC_AT = 257
/** Bytes that tell a tar archive from other content. */
export const TAR_HEAD_BYTES = TAR_MAGIC_AT + 5
export const isTar = (head: Uint8Array): boolean =>
  new TextDecoder().decode(head.subarray(TAR_MAGIC_AT, TAR_HEAD_BYTES)) === 'ustar'
