import type {V1UserInfo} from '@kubernetes/client-node'
import type {accounts} from '../../core/contract/agent.ts'
import type {Fields} from '../../core/kubernetes/api-types.ts'

/** The user of a token, as TokenReview returns it. SubjectAccessReview gets it unchanged. */
export type ReviewedUser = Fields<V1UserInfo, 'username', 'uid' | 'groups' | 'extra'>

/** Who is at the other end of a connection. */
export type Caller =
  /** A client on the unix socket, which only root can open. It has every right. */
  | {readonly kind: 'root'}
  | {
      readonly kind: 'account'
      readonly account: keyof typeof accounts
      readonly user: ReviewedUser
      /** SHA-256 of the token, base64url: a key for caches that does not reveal the token. */
      readonly tokenHash: string
      /** The credential id that the API server gave the token. The cluster's audit log has it, too. */
      readonly credential?: string
      /** When the token expires, in milliseconds since 1970. */
      readonly until: number
    }

/** The caller's name for the log: `root`, or the user name. */
export const callerName = (caller: Caller): string => (caller.kind === 'root' ? 'root' : caller.user.username)
