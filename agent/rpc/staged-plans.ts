import {randomUUID} from 'node:crypto'
import {promisify} from 'node:util'
import {gunzip} from 'node:zlib'
import type {Limits} from '../limits/limits.ts'
import {refused} from '../limits/refusal.ts'
import {isTooDense} from './json-density.ts'

const unpack = promisify(gunzip)
/** A plan is unpacked in pieces of this size. Each of those of the usual 16 KiB is a way to another thread and back. */
const UNPACKED_BYTES = 1024 ** 2

/** Whose plans they are: a client, and the token that it has shown. */
export interface StagingClient {
  /** Undefined for root of the node. */
  readonly tokenHash: string | undefined
}

interface Staged {
  readonly client: StagingClient
  readonly pieces: Buffer[]
  bytes: number
  readonly timer: NodeJS.Timeout
}

const AGAIN = 'Run the command again.'

/** Plans on their way from clients, held as they came, packed. They end with their connection, or after a time. */
export class StagedPlans {
  private readonly limits: Limits
  private readonly plans = new Map<string, Staged>()

  constructor(limits: Limits) {
    this.limits = limits
  }

  /**
   * Adds a piece to a plan, or begins one.
   *
   * @param id undefined for the first piece
   * @param offset how much of the plan came before the piece
   * @returns the plan's id, and how much of it is here
   * @throws RefusedError `NO_PLAN` for an id that is not this token's, `BAD_PLAN` for a piece that does not follow, `TOO_MANY` for more than there is room for
   */
  add(client: StagingClient, id: string | undefined, offset: number, piece: Buffer): {stagedId: string; bytes: number} {
    const stagedId = id ?? this.begin(client)
    const staged = this.find(client, stagedId)
    if (offset !== staged.bytes) {
      this.forget(stagedId)
      throw refused('BAD_PLAN', `a piece of the plan begins at byte ${offset}, and ${staged.bytes} are here`, AGAIN)
    }
    const {stagedBytes, stagedBytesOfAll} = this.limits
    const ofToken = sum([...this.plans.values()].filter(each => each.client.tokenHash === client.tokenHash))
    if (ofToken + piece.length > stagedBytes || sum([...this.plans.values()]) + piece.length > stagedBytesOfAll) {
      this.forget(stagedId)
      throw refused(
        'TOO_MANY',
        `the plan is larger than what the agent takes (${Math.round(stagedBytes / 1024)} KiB packed)`,
        'Apply it on the node itself, as root: kubectl npm apply --local. Or do less at once, with --policy or --set.',
      )
    }
    staged.pieces.push(piece)
    staged.bytes += piece.length
    return {stagedId, bytes: staged.bytes}
  }

  /**
   * Takes a plan away from here.
   *
   * @returns its JSON, parsed
   * @throws RefusedError `NO_PLAN` for an id that is not this token's, `BAD_PLAN` when it is not whole, too large, too dense, or not JSON
   */
  async take(client: StagingClient, stagedId: string): Promise<unknown> {
    const {pieces} = this.find(client, stagedId)
    this.forget(stagedId)
    try {
      const text = await unpack(Buffer.concat(pieces), {
        chunkSize: UNPACKED_BYTES,
        maxOutputLength: this.limits.planBytes,
      })
      if (isTooDense(text, this.limits.planBytesOfValue)) throw new Error('it has more values than a plan of its size')
      return JSON.parse(text.toString('utf8'))
    } catch (error) {
      const {code, message} = error as NodeJS.ErrnoException
      const isTooLarge = code === 'ERR_BUFFER_TOO_LARGE'
      throw refused(
        'BAD_PLAN',
        isTooLarge
          ? `the plan has more than ${Math.round(this.limits.planBytes / 1024)} KiB of JSON`
          : `the plan did not arrive whole: ${message}`,
        isTooLarge
          ? 'Apply it on the node itself, as root: kubectl npm apply --local. Or do less at once, with --policy or --set.'
          : AGAIN,
      )
    }
  }

  /** Forgets what a client has staged: it is gone. */
  leave(client: StagingClient): void {
    for (const [id, staged] of this.plans) if (staged.client === client) this.forget(id)
  }

  private begin(client: StagingClient): string {
    const own = [...this.plans.values()].filter(each => each.client.tokenHash === client.tokenHash)
    const {stagedPlans, stagedMs} = this.limits
    if (own.length >= stagedPlans)
      throw refused('TOO_MANY', `this token has sent ${own.length} plans and applied none of them`, 'Apply one of them first.')
    const id = randomUUID()
    const timer = setTimeout(() => this.forget(id), stagedMs)
    timer.unref()
    this.plans.set(id, {client, pieces: [], bytes: 0, timer})
    return id
  }

  private find(client: StagingClient, id: string): Staged {
    const staged = this.plans.get(id)
    if (staged && staged.client.tokenHash === client.tokenHash) return staged
    throw refused('NO_PLAN', 'the agent does not have this plan, or has it no more', AGAIN)
  }

  private forget(id: string): void {
    clearTimeout(this.plans.get(id)?.timer)
    this.plans.delete(id)
  }
}

const sum = (plans: readonly Staged[]): number => plans.reduce((bytes, each) => bytes + each.bytes, 0)
