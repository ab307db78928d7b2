import type {V1UserInfo} from '@kubernetes/client-node'
import type {accounts} from '../../core/contract/agent.ts'
import type {Fields} from '../../core/kubernetes/api-types.ts'

/** Who the API server says a token's bearer is; handed to SubjectAccessReview whole. */
export type ReviewedUser = Fields<V1UserInfo, 'username', 'uid' | 'groups' | 'extra'>

/** Who is at the other end of a connection. */
export type Caller =
  /** A peer of the unix socket, which only root can open. It has every right. */
  | {readonly kind: 'root'}
  | {
      readonly kind: 'account'
      readonly account: keyof typeof accounts
      readonly user: ReviewedUser
      /** Names the token without being it. */
      readonly tokenHash: string
      /** The id that the API server gave the token: it is in the cluster's audit log, too. */
      readonly credential?: string
      /** When the token's time is over, in milliseconds since 1970. */
      readonly until: number
    }

/** Names a caller in the log. */
export const callerName = (caller: Caller): string => (caller.kind === 'root' ? 'root' : caller.user.username)
