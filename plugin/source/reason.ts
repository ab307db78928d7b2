const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EISDIR: 'is a folder',
  ELOOP: 'is a link',
  ENXIO: 'is no regular file',
  ENAMETOOLONG: 'the path is too long',
}

/** Why the system cannot read a path, in words without the path. */
export function reasonOf(error: unknown): string {
  const {code = '', message} = error as NodeJS.ErrnoException
  // `EIO: i/o error, read '/a/b'`
  return WORDS[code] ?? (code === '' ? message : (/^[A-Z0-9]+: ([^,]+)/.exec(message)?.[1] ?? message))
}
