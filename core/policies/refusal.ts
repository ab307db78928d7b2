import {type UnsupportedCode, unsupportedCodes} from '../policy/program.ts'

/** Policies with these are programmed, though not as they are meant. */
const PROGRAMMED: ReadonlySet<string> = new Set<UnsupportedCode>(['LITE_BLOCK_OPEN', 'CHAIN_COLLISION', 'SET_COLLISION'])
const refusals = new Set<string>(unsupportedCodes.filter(code => !PROGRAMMED.has(code)))

/** Whether Azure NPM programs nothing of a policy with this fault. */
export const isRefusal = (code: string): boolean => refusals.has(code)
