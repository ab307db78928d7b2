import {dllFunctions} from './dll-functions.ts'
import {HnsFailure} from './failure.ts'
import type {HnsFunctions} from './functions.ts'
import {type PowerShellOptions, powerShellFunctions} from './powershell-functions.ts'

let libraries: Promise<HnsFunctions> | undefined

/**
 * The best way to HNS that this node has: computenetwork.dll, and where that cannot be loaded Windows PowerShell, which only reads.
 * Never rejects: what is wrong is said when something is asked.
 *
 * @param options how Windows PowerShell is run
 */
export async function nodeFunctions(options: Omit<PowerShellOptions, 'reason'>): Promise<HnsFunctions> {
  // Loaded once for this process.
  libraries ??= dllFunctions()
  try {
    return await libraries
  } catch (error) {
    if (!(error instanceof HnsFailure)) throw error
    return powerShellFunctions({...options, reason: error})
  }
}
