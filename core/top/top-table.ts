import type {Drift} from '../contract/drift.ts'
import {differencesPage} from './differences-page.ts'
import {eventsPage} from './events-page.ts'
import type {Loaded} from './loaded.ts'
import {nodesPage} from './nodes-page.ts'
import type {Page} from './page.ts'
import {podsPage, policiesPage, policyPage} from './policies-page.ts'
import {type SetMember, setPage, setsPage} from './sets-page.ts'
import type {TopTable} from './table.ts'
import type {Watched} from './watched.ts'

/** What was read because a page that shows it was opened. */
export interface Extras {
  readonly differences: ReadonlyMap<string, Loaded<Drift>>
  /** By `memberKey`. */
  readonly members: ReadonlyMap<string, Loaded<readonly SetMember[]>>
}

export const memberKey = (node: string, set: string): string => JSON.stringify([node, set])

/** What a page shows. @param now in milliseconds since 1970 */
export function topTable(page: Page, watched: Watched, extras: Extras, now: number): TopTable {
  const node = 'node' in page ? watched.nodes.find(each => each.node === page.node) : undefined
  switch (page.kind) {
    case 'nodes':
      return nodesPage(watched, now)
    case 'policies':
      return policiesPage(node)
    case 'pods':
      return podsPage(node)
    case 'sets':
      return setsPage(node)
    case 'policy':
      return policyPage(node, page.policy)
    case 'selected':
      return podsPage(node, page.policy)
    case 'set':
      return setPage(node, page.set, extras.members.get(memberKey(page.node, page.set)))
    case 'differences':
      return differencesPage(extras.differences.get(page.node), now)
    case 'events':
      return eventsPage(watched, page.node, now)
  }
}

/** What a page is called where the way to it is shown. */
export function pageTitle(page: Page, watched: Watched): string {
  switch (page.kind) {
    case 'nodes':
      return 'nodes'
    case 'policy':
    case 'selected': {
      const node = watched.nodes.find(each => each.node === page.node)
      const policy = node?.policies?.find(({key}) => key === page.policy)
      return policy ? `${policy.policy} ${policy.direction}` : page.policy
    }
    case 'set': {
      const node = watched.nodes.find(each => each.node === page.node)
      const set = node?.sets?.find(each => each.set === page.set)
      return set && set.name !== 'unknown' ? set.name : page.set
    }
    default:
      return page.node ?? 'events'
  }
}
