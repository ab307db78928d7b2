import {randomBytes} from 'node:crypto'

/** A person who may use a cluster. What she may do is up to the RBAC objects of the test. */
export interface User {
  readonly name: string
  readonly groups?: readonly string[]
}

/** The people of the tests, beside `admin`. None of them may do anything at first. */
export const testUsers: readonly User[] = [
  {name: 'alice', groups: ['developers']},
  {name: 'bob', groups: ['developers']},
  {name: 'viewer-user', groups: ['viewers']},
  {name: 'operator-user', groups: ['operators']},
  {name: 'nobody'},
]

/** May do everything, by the group that the API server asks no further. */
export const admin: User = {name: 'admin', groups: ['system:masters']}

/** A new token for each user, by name; `admin` is always among them. */
export function issueTokens(users: readonly User[]): ReadonlyMap<string, string> {
  return new Map([admin, ...users].map(({name}) => [name, randomBytes(16).toString('hex')]))
}

/** What `kube-apiserver --token-auth-file` reads. */
export function tokenFile(users: readonly User[], tokens: ReadonlyMap<string, string>): string {
  const line = ({name, groups = []}: User) => `${tokens.get(name)},${name},${name},"${groups.join(',')}"\n`
  return [admin, ...users].map(line).join('')
}
