import type {KnownRelease} from '../../core/policy/known-release.ts'

/** Which release of Azure NPM a node runs, in words. */
export function releaseText({name, from}: KnownRelease): string {
  if (from === 'unknown') return 'release of Azure NPM unknown'
  return from === 'image' ? `Azure NPM ${name}` : `Azure NPM ${name}, as what is programmed tells`
}
