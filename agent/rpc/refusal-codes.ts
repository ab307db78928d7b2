import {TRPCError} from '@trpc/server'
import {getHTTPStatusCodeFromError} from '@trpc/server/http'
import type {Refusal} from '../../core/contract/agent.ts'

/** The code that tRPC has for each kind of refusal. The HTTP status follows from it: this is the only table. */
export const trpcCodes = {
  NO_TOKEN: 'UNAUTHORIZED',
  BAD_TOKEN: 'UNAUTHORIZED',
  TOKEN_TOO_OLD: 'UNAUTHORIZED',
  WRONG_ACCOUNT: 'FORBIDDEN',
  FORBIDDEN: 'FORBIDDEN',
  TOO_MANY: 'TOO_MANY_REQUESTS',
  REVIEW_FAILED: 'SERVICE_UNAVAILABLE',
  OTHER_CONTRACT: 'PRECONDITION_FAILED',
  NO_SNAPSHOT: 'NOT_FOUND',
  NO_KNOWLEDGE: 'PRECONDITION_FAILED',
  READ_FAILED: 'INTERNAL_SERVER_ERROR',
  READ_ONLY: 'METHOD_NOT_SUPPORTED',
  NO_PLAN: 'NOT_FOUND',
  BAD_PLAN: 'UNPROCESSABLE_CONTENT',
} as const satisfies Readonly<Record<Refusal['code'], TRPCError['code']>>

/** The HTTP status of a refusal: 401, 403, 404, 405, 412, 422, 429, 500 or 503. */
export const httpStatusOf = (code: Refusal['code']): number => getHTTPStatusCodeFromError(new TRPCError({code: trpcCodes[code]}))
