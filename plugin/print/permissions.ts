import type {Permission} from '../../core/contract/permissions.ts'
import {type Column, columns} from './columns.ts'
import type {Paint} from './paint.ts'

const TITLES: Readonly<Record<Permission['who'], string>> = {
  agent: 'The agent',
  relay: 'The relay',
  'npm-viewer': 'A token of npm-viewer, at an agent',
  'npm-operator': 'A token of npm-operator, at an agent',
  reader: 'People who read (nobody is bound; see below)',
  operator: 'People who write, too (nobody is bound)',
  'log reader': "People who want Azure NPM's log in a dump (nobody is bound)",
  'own rights': 'With your own rights, which no role here gives: needed only for what is asked so',
  scraper: 'Prometheus, where agents serve metrics (nobody is bound)',
  installer: 'Whoever installs and uninstalls',
}

/** `create pods/portforward`, and for which names. */
const right = ({verbs, resource, group, names}: Permission): string => {
  const full = group === '' || group === '*' ? resource : `${resource}.${group}`
  return [verbs.join(', '), full, ...(names ? [`(${names.join(', ')})`] : [])].filter(text => text !== '').join(' ')
}

/** Every permission and why, for a person: one block for each who. */
export function* permissionLines(permissions: readonly Permission[], paint: Paint, agentNamespace: string): Generator<string> {
  for (const who of Object.keys(TITLES) as Permission['who'][]) {
    const rows = permissions.filter(each => each.who === who)
    if (rows.length === 0) continue
    yield paint(TITLES[who], 'bold')
    const spec: Column<Permission>[] = [
      {header: 'WHERE', value: ({where}) => `  ${where}`},
      {header: 'MAY', value: right},
      {header: 'WHY', value: ({why}) => why},
    ]
    yield* columns(rows, spec, paint, false, Infinity)
    yield ''
  }
  yield paint('Agents of Windows nodes are applied by kubectl, since they open more: manifests/overlays/windows, docs/windows.md')
  yield ''
  yield paint('To let somebody read:')
  yield paint(`  kubectl create rolebinding NAME -n ${agentNamespace} --role=kubectl-npm-viewer --user=USER`)
}
