import type {NodeReleases} from '../../core/contract/common.ts'
import type {KnownRelease} from '../../core/policy/known-release.ts'

/** Nodes of one release that are named. */
const SHOWN_NODES = 4

/** Which releases several nodes run, in one line: nodes with the same together. Undefined where nothing is known of any. */
export function releasesText(releases: NodeReleases | undefined): string | undefined {
  if (releases?.every(({from}) => from === 'unknown')) return undefined
  const groups = [...Map.groupBy(releases ?? [], release => releaseText(release))]
  const [first] = groups
  if (!first || groups.length === 1) return first?.[0]
  return groups
    .map(([text, alike]) => {
      const names = alike.slice(0, SHOWN_NODES).map(({node}) => node)
      return `${text}, on ${names.join(', ')}${alike.length > SHOWN_NODES ? ` and ${alike.length - SHOWN_NODES} more` : ''}`
    })
    .join('; ')
}

/** Which release of Azure NPM a node runs, in words. */
export function releaseText({name, from}: KnownRelease): string {
  if (from === 'unknown') return 'release of Azure NPM unknown'
  return from === 'image' ? `Azure NPM ${name}` : `Azure NPM ${name}, as what is programmed tells`
}
