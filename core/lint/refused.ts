import type {Finding, LintCode} from '../contract/lint.ts'
import type {FieldFault} from '../kubernetes/policy-fields.ts'
import type {WrittenPolicy} from '../kubernetes/read-objects.ts'
import {policyFaults} from '../kubernetes/refused-policy.ts'
import {finding} from './findings.ts'

const codes: Readonly<Record<FieldFault['kind'], LintCode>> = {
  unknown: 'UNKNOWN_FIELD',
  type: 'WRONG_TYPE',
  invalid: 'INVALID_FIELD',
  strict: 'STRICT_BLOCK',
  unusual: 'UNUSUAL_BLOCK',
}

/** What the API server refuses of policies as they are written, and of what it warns. */
export const refusedFindings = (policies: Iterable<WrittenPolicy>): Finding[] =>
  [...policies].flatMap(({policy, object}) =>
    policyFaults(object).map(({kind, field, reason, next}) =>
      finding(policy, {code: codes[kind], field, what: reason, ...(next !== undefined && {next})}),
    ),
  )

/** Fields that are there twice. */
export const duplicateFindings = (duplicates: readonly {readonly policy: string; readonly field: string}[]): Finding[] =>
  duplicates.map(({policy, field}) => finding(policy, {code: 'DUPLICATE_FIELD', field, what: `${field} is there twice`}))
