import {existsSync} from 'node:fs'
import {HnsFailure} from './failure.ts'
import type {HnsFunctions, HnsObject} from './functions.ts'
import {systemFile} from './system-folder.ts'

interface Bounds {
  readonly timeoutMs: number
  readonly largestBytes: number
}

/** Runs a program of this node. Never rejects; anything but `ok` comes with a sentence. */
export type RunProgram = (
  program: string,
  args: readonly string[],
  bounds: Bounds,
) => Promise<{readonly stdout: Uint8Array; readonly end: string; readonly failure: string}>

export interface PowerShellOptions extends Bounds {
  readonly run: RunProgram
  /** Why there is no better way, to be shown. */
  readonly reason: HnsFailure
}

/** Of the module that is in Windows. Others have commands of the same names. */
const commands: Readonly<Record<HnsObject, string>> = {
  network: 'HostNetworkingService\\Get-HnsNetwork',
  endpoint: 'HostNetworkingService\\Get-HnsEndpoint',
}

/**
 * HNS by Windows PowerShell, which reads it and does not change it: its commands cannot say all that a set or a rule is. A second for each
 * reading. Objects have the V1 shape.
 */
export function powerShellFunctions({run, reason, timeoutMs, largestBytes}: PowerShellOptions): HnsFunctions {
  /** What was read last: PowerShell gives all objects at once. */
  const read: Record<HnsObject, readonly Document[]> = {network: [], endpoint: []}

  async function readAll(object: HnsObject): Promise<readonly Document[]> {
    const command = commands[object]
    const program = systemFile('WindowsPowerShell', 'v1.0', 'powershell.exe')
    // A program that is missing is looked for by cmd.exe, whose words nobody would understand.
    if (!existsSync(program)) throw new HnsFailure({call: program, text: 'it is missing', next: NEXT_WITHOUT})
    const {stdout, end, failure} = await run(program, [...OPTIONS, encoded(script(command))], {timeoutMs, largestBytes})
    const text = Buffer.from(stdout).toString('latin1')
    const lines = text.split(/\r?\n/).filter(line => line !== '')
    const parsed = lines.map(line => ({line, value: valueOf(command, line)}))
    const said = parsed.find(({value}) => typeof value['failure'] === 'string')?.value['failure']
    if (said !== undefined || end !== 'ok')
      throw new HnsFailure({call: command, text: typeof said === 'string' ? said.trim() : failure, next: NEXT})
    return parsed.map(({line, value}) => ({
      id: typeof value['ID'] === 'string' ? value['ID'] : '',
      state: typeof value['State'] === 'number' ? value['State'] : undefined,
      text: line,
    }))
  }

  return {
    way: 'Windows PowerShell, which only reads',
    async enumerate(object, query) {
      const state = stateOf(query)
      // Those in one state are some of those that were read just before.
      if (state === undefined) read[object] = await readAll(object)
      const found = read[object].filter(each => state === undefined || each.state === state)
      return {hresult: 0, result: JSON.stringify(found.map(({id}) => id))}
    },
    async open(object, guid) {
      const handle = read[object].find(({id}) => id.toLowerCase() === guid.toLowerCase())
      return handle ? {hresult: 0, handle} : {hresult: NOT_FOUND[object]}
    },
    query: async (_object, handle) => ({hresult: 0, result: (handle as Document).text}),
    modify: async object => {
      throw new HnsFailure({
        call: `changing an ${object} of HNS`.replace('an n', 'a n'),
        text: `Windows PowerShell can only read here, and nothing was changed: ${reason.message}`,
        next: reason.next,
      })
    },
    close: async () => ({hresult: 0}),
    // The version of HNS is asked for by it, which PowerShell does not tell.
    call: async () => ({hresult: NOT_IMPLEMENTED}),
  }
}

/** An object as PowerShell printed it. */
interface Document {
  readonly id: string
  readonly state: number | undefined
  readonly text: string
}

const NOT_IMPLEMENTED = 0x80_00_40_01
/** HCN_E_NETWORK_NOT_FOUND, HCN_E_ENDPOINT_NOT_FOUND. */
const NOT_FOUND: Readonly<Record<HnsObject, number>> = {network: 0x80_3b_00_01, endpoint: 0x80_3b_00_02}
const NEXT_WITHOUT =
  'HNS is reached by computenetwork.dll and by Windows PowerShell; this node has neither. Is it a Windows Server?'
const NEXT = 'Run the command in Windows PowerShell as administrator: it says more there.'

const OPTIONS = [
  '-NoLogo',
  '-NoProfile',
  '-NonInteractive',
  '-ExecutionPolicy',
  'Bypass',
  '-OutputFormat',
  'Text',
  '-EncodedCommand',
]

/**
 * Prints each object as JSON, one on each line. An array of one would be printed as its element, and objects that ended meanwhile as null.
 * What is not ASCII is escaped, as JSON allows: by itself PowerShell prints the code page of the console, and cuts what is nested.
 */
const script = (command: string): string => `
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
function Write-Json($value) {
  $json = ConvertTo-Json -InputObject $value -Depth 20 -Compress
  [Console]::Out.WriteLine([regex]::Replace($json, '[^ -~]', { param($match) '\\u{0:x4}' -f [int][char]$match.Value }))
}
try {
  foreach ($each in @(${command})) { if ($null -ne $each) { Write-Json $each } }
} catch {
  Write-Json @{ failure = $_.Exception.Message }
  exit 1
}
`

/** As PowerShell takes a script in a parameter: base64 of UTF-16. */
const encoded = (text: string): string => Buffer.from(text, 'utf16le').toString('base64')

/** @throws HnsFailure */
function valueOf(command: string, line: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(line))
  } catch {
    throw new HnsFailure({call: command, text: `what it prints is no JSON: ${line.slice(0, 80)}`, next: NEXT})
  }
}

/** The state of endpoints that a query asks for. */
function stateOf(query: string): unknown {
  const {Filter} = JSON.parse(query) as {Filter?: string}
  return Filter === undefined ? undefined : (JSON.parse(Filter) as {State?: unknown}).State
}
