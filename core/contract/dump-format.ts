/**
 * The format of dumps that this version writes. It grows when an older version could not make sense of a newer dump; files and
 * fields that are only added leave it as it is.
 */
export const DUMP_FORMAT = 1
