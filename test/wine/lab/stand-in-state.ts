import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {windowsPath} from './windows.ts'

/** A policy of an HNS object. */
export interface HnsPolicy {
  Type: string
  Settings: Record<string, unknown>
}

export interface HnsDocument {
  ID: string
  Name: string
  Policies: HnsPolicy[]
}

/** What the stand-ins for libraries of Windows have and do: see stand-ins/stand-in.h. */
export interface StandInState {
  networks: HnsDocument[]
  endpoints: HnsDocument[]
  states: Record<string, number>
  version: {Major: number; Minor: number}
  failures?: {call: string; id?: string; code?: number; error?: string; hangs?: true}[]
}

/** What the stand-ins noted. */
export interface StandInLog {
  /** Whether a call hangs. */
  readonly hangs: boolean
  /** `NAME 0xHRESULT request`, in order. */
  readonly calls: readonly string[]
  /** Texts that were given away, and those that were released. */
  readonly given: number
  readonly freed: number
  readonly opened: number
  readonly closed: number
}

/** A folder for stand-ins. */
export class StandIns {
  readonly folder: string
  /** For programs that load them. */
  readonly env: {readonly STAND_IN_FOLDER: string}

  private constructor(folder: string) {
    this.folder = folder
    this.env = {STAND_IN_FOLDER: windowsPath(folder)}
  }

  static async in(folder: string, state: StandInState): Promise<StandIns> {
    await mkdir(folder, {recursive: true})
    const standIns = new StandIns(folder)
    await standIns.write('state.json', JSON.stringify(state))
    await standIns.write('log.txt', '')
    return standIns
  }

  write(name: string, content: string | Uint8Array): Promise<void> {
    return writeFile(join(this.folder, name), content)
  }

  async state(): Promise<StandInState> {
    return JSON.parse(await readFile(join(this.folder, 'state.json'), 'utf8'))
  }

  async log(): Promise<StandInLog> {
    const lines = (await readFile(join(this.folder, 'log.txt'), 'utf8')).split('\n').filter(line => line !== '')
    const count = (word: string) => lines.filter(line => line === word).length
    return {
      hangs: lines.some(line => line.startsWith('hangs ')),
      calls: lines.filter(line => /^H\S+ 0x/.test(line)),
      given: count('given'),
      freed: count('freed'),
      opened: count('opened'),
      closed: count('closed'),
    }
  }
}
