import type {PlanOperation} from '../../core/contract/plan.ts'

interface Request {
  readonly object?: string
  readonly request?: {
    readonly RequestType?: string
    readonly Settings?: {
      readonly Policies?: readonly {readonly Type?: string; readonly Settings?: Readonly<Record<string, unknown>>}[]
    }
  }
}

/** More of what a set is to hold does not fit into a table. */
const MOST_CHARS = 48

/**
 * What a tool is told, short enough for a table: the line itself, but of a request to HNS, which tells an endpoint all its policies, what it is
 * about.
 */
export function shownLine({tool, line}: Pick<PlanOperation, 'tool' | 'line'>): string {
  if (tool !== 'hns') return line
  let read: Request
  try {
    read = JSON.parse(line) as Request
  } catch {
    return line
  }
  const {RequestType: type = '', Settings: {Policies: policies = []} = {}} = read.request ?? {}
  if (read.object === 'endpoint')
    return `${type} ${endpointWords(
      type,
      policies.map(({Settings}) => Settings?.['Id']),
    )}`
  const [first] = policies
  if (policies.length !== 1) return `${type} ${policies.length} sets`
  const {Id: id, Values: values} = first?.Settings ?? {}
  const shown = type === 'Remove' ? '' : `: ${cut(String(values))}`
  return `${type} ${String(id)}${shown}`
}

function endpointWords(type: string, ids: readonly unknown[]): string {
  const own = ids.filter(id => typeof id === 'string' && id.startsWith('azure-acl')).length
  const acls = `${own} ACL${own === 1 ? '' : 's'}`
  const others = ids.length - own
  return type === 'Update' ? `all: ${acls}, and ${others} of others as they are` : acls
}

const cut = (text: string): string =>
  text === '' ? 'no members' : text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)}…` : text
