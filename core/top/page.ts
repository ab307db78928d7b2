/** What the screen can show. Pages of a node are reached from the list of nodes, and those of one thing from its row. */
export type Page =
  | {readonly kind: 'nodes'}
  | {readonly kind: 'policies' | 'sets' | 'pods' | 'differences'; readonly node: string}
  /** Of all nodes without one. */
  | {readonly kind: 'events'; readonly node?: string}
  /** @property policy key of a policy in one direction */
  | {readonly kind: 'policy' | 'selected'; readonly node: string; readonly policy: string}
  | {readonly kind: 'set'; readonly node: string; readonly set: string}

export interface Tab {
  readonly name: string
  readonly page: Page
}

/** The pages beside this one, this one among them: what the digits and the tabulator key lead to. */
export function tabsOf(page: Page): readonly Tab[] {
  switch (page.kind) {
    case 'nodes':
      return CLUSTER_TABS
    case 'events':
      return page.node === undefined ? CLUSTER_TABS : nodeTabs(page.node)
    case 'policy':
    case 'selected':
      return [
        {name: 'rules', page: {...page, kind: 'policy'}},
        {name: 'pods', page: {...page, kind: 'selected'}},
      ]
    case 'set':
      return []
    default:
      return nodeTabs(page.node)
  }
}

const CLUSTER_TABS: readonly Tab[] = [
  {name: 'nodes', page: {kind: 'nodes'}},
  {name: 'events', page: {kind: 'events'}},
]

const nodeTabs = (node: string): readonly Tab[] => [
  {name: 'policies', page: {kind: 'policies', node}},
  {name: 'pods', page: {kind: 'pods', node}},
  {name: 'sets', page: {kind: 'sets', node}},
  {name: 'differences', page: {kind: 'differences', node}},
  {name: 'events', page: {kind: 'events', node}},
]

/** Text that is the same for the same page. */
export const pageKey = (page: Page): string => JSON.stringify(page, Object.keys(page).toSorted())
