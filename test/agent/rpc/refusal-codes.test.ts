import {STATUS_CODES} from 'node:http'
import {describe, expect, test} from 'vitest'
import {httpStatusOf, trpcCodes} from '../../../agent/rpc/refusal-codes.ts'
import {type Refusal, refusalSchema} from '../../../core/contract/agent.ts'

const statuses: Readonly<Record<Refusal['code'], number>> = {
  NO_TOKEN: 401,
  BAD_TOKEN: 401,
  TOKEN_TOO_OLD: 401,
  WRONG_ACCOUNT: 403,
  FORBIDDEN: 403,
  TOO_MANY: 429,
  REVIEW_FAILED: 503,
  OTHER_CONTRACT: 412,
  NO_SNAPSHOT: 404,
  NO_KNOWLEDGE: 412,
  READ_FAILED: 500,
  READ_ONLY: 405,
  NO_PLAN: 404,
  BAD_PLAN: 422,
}

describe('a refusal', () => {
  test.each(refusalSchema.shape.code.options)('of code %s has an HTTP status that Node can name', code => {
    expect(httpStatusOf(code)).toBe(statuses[code])
    expect(STATUS_CODES[httpStatusOf(code)]).toBeDefined()
  })

  test('has one table of codes, which holds all of the contract', () => {
    expect(Object.keys(trpcCodes).toSorted()).toEqual(refusalSchema.shape.code.options.toSorted())
  })
})
