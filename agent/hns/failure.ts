import {z} from 'zod'
import type {Problem} from '../../core/problem/problem.ts'
import type {HnsAnswer} from './functions.ts'
import {type HnsOutcome, hexOf, knownHresult} from './hresults.ts'

export interface HnsFailureOptions {
  /** The function, and of which object: `HcnModifyEndpoint 7b4f…`. */
  readonly call: string
  /** Unsigned. Absent when HNS has not answered, or has answered what cannot be read. */
  readonly hresult?: number
  /** What HNS says in the language of the node, or what else is wrong. */
  readonly text?: string
  readonly outcome?: HnsOutcome
  readonly next?: string
}

/** HNS did not do what it was asked. */
export class HnsFailure extends Error {
  override readonly name = 'HnsFailure'
  readonly call: string
  /** Unsigned. */
  readonly hresult: number | undefined
  readonly outcome: HnsOutcome
  readonly next: string

  constructor({call, hresult, text, outcome, next}: HnsFailureOptions) {
    const known = hresult === undefined ? undefined : knownHresult(hresult)
    const code = hresult === undefined ? undefined : known ? `${known.name} (${hexOf(hresult)})` : hexOf(hresult)
    const said = text === undefined || text === '' ? undefined : code === undefined ? text : `HNS says "${text}"`
    super([call, [code, known?.meaning, said].filter(each => each !== undefined).join(': ')].join(': '))
    this.call = call
    this.hresult = hresult
    this.outcome = outcome ?? known?.outcome ?? 'refused'
    this.next =
      next ??
      known?.next ??
      'Look the code up (certutil -error CODE), and see the log of HNS: Microsoft-Windows-Host-Network-Service-Admin'
  }

  /** As a problem of what was read. */
  get problem(): Problem {
    return {code: 'TOOL_FAILED', message: this.message, next: this.next}
  }
}

const errorRecord = z.looseObject({
  Success: z.boolean().optional(),
  Error: z.string().optional(),
  ErrorCode: z.number().optional(),
})

/**
 * Why an answer says that a call failed. A record of an error counts, whatever the HRESULT.
 *
 * @returns undefined when all is well
 */
export function failureOf(call: string, {hresult, errorRecord: record}: HnsAnswer): HnsFailure | undefined {
  const code = hresult >>> 0
  const isFailure = code >= FIRST_FAILURE
  const text = record?.trim() ?? ''
  if (!isFailure && text === '') return undefined
  const {Error: said, ErrorCode} = readRecord(text)
  const told = isFailure ? code : ErrorCode === undefined ? undefined : ErrorCode >>> 0
  const shown = (said ?? text).trim()
  return new HnsFailure({call, ...(told !== undefined && {hresult: told}), ...(shown !== '' && {text: shown})})
}

/** The highest bit of an HRESULT says that it is a failure. */
const FIRST_FAILURE = 0x80_00_00_00

function readRecord(text: string): z.infer<typeof errorRecord> {
  try {
    return errorRecord.parse(JSON.parse(text))
  } catch {
    return {}
  }
}
