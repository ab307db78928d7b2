import {KernelError} from '../native/kernel-error.ts'

/**
 * The rules of a table of the legacy back end as the kernel gives them: one entry behind the other, chain by chain. Numbers are the machine's. The
 * layout is that of 64-bit machines with the lowest byte first. Source: linux/netfilter_ipv4/ip_tables.h, linux/netfilter/x_tables.h.
 */

/** ipt_getinfo: name, valid_hooks, hook_entry[5], underflow[5], num_entries, size. */
export const INFO_BYTES = 84
const INFO_VALID_HOOKS = 32
const INFO_HOOK_ENTRIES = 36
const INFO_SIZE = 80
/** What stands before the entries in an answer, ipt_get_entries: name, size, and a gap up to eight bytes. */
export const ENTRIES_START = 40
const ENTRIES_SIZE = 32
const NAME_BYTES = 32

/** ipt_entry: what it matches, nfcache, target_offset, next_offset, comefrom, counters. */
const TARGET_OFFSET = 88
const NEXT_OFFSET = 90
const COUNTERS = 96
const ENTRY_BYTES = 112
/** xt_entry_target: size, name, revision, then its data. */
const TARGET_NAME = 2
const TARGET_NAME_BYTES = 29
const TARGET_DATA = 32
const CHAIN_NAME_BYTES = 30
/** The target that no packet comes to: the entry before a chain's rules has it, with the chain's name, and so has the last entry of a table. */
const ERROR_TARGET = 'ERROR'

const HOOK_CHAINS = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']

/** What the kernel says of a table before it gives it. */
export interface TableInfo {
  /** Of all entries. */
  readonly bytes: number
  /** Where the built-in chains begin. */
  readonly hooks: ReadonlyMap<number, string>
}

/** A request for the facts of a table, to be filled by the kernel. */
export function infoRequest(table: string): Buffer {
  const bytes = Buffer.alloc(INFO_BYTES)
  bytes.write(table, 0, NAME_BYTES - 1, 'latin1')
  return bytes
}

export function readInfo(answer: Buffer): TableInfo {
  const valid = answer.readUInt32LE(INFO_VALID_HOOKS)
  const hooks = new Map<number, string>()
  for (const [hook, chain] of HOOK_CHAINS.entries())
    if ((valid & (1 << hook)) !== 0) hooks.set(answer.readUInt32LE(INFO_HOOK_ENTRIES + 4 * hook), chain)
  return {bytes: answer.readUInt32LE(INFO_SIZE), hooks}
}

/** A request for all entries of a table, to be filled by the kernel; it says how many bytes there have to be. */
export function entriesRequest(table: string, bytes: number): Buffer {
  const request = Buffer.alloc(ENTRIES_START + bytes)
  prepareEntries(request, table)
  return request
}

/** Makes an answer a request again. */
export function prepareEntries(request: Buffer, table: string): void {
  request.fill(0, 0, ENTRIES_START)
  request.write(table, 0, NAME_BYTES - 1, 'latin1')
  request.writeUInt32LE(request.length - ENTRIES_START, ENTRIES_SIZE)
}

/** Where entries stand in an answer. */
export interface EntryPlaces {
  /** Of all entries, those that are no rule included. */
  readonly all: readonly number[]
  /** Of the rules of each chain, in order. Without the entry that a chain ends with: its policy, or the way back. */
  readonly chains: ReadonlyMap<string, readonly number[]>
}

/** @throws KernelError when the answer is no table */
export function findEntries(answer: Buffer, {hooks}: TableInfo): EntryPlaces {
  const all: number[] = []
  const chains = new Map<string, number[]>()
  let rules: number[] | undefined
  const begin = (chain: string) => {
    rules?.pop()
    rules = []
    chains.set(chain, rules)
  }
  for (let at = ENTRIES_START; at < answer.length; ) {
    const next = at + ENTRY_BYTES <= answer.length ? at + answer.readUInt16LE(at + NEXT_OFFSET) : 0
    const target = at + answer.readUInt16LE(Math.min(at + TARGET_OFFSET, answer.length - 2))
    if (next < at + ENTRY_BYTES || next > answer.length || next % 8 !== 0 || target + TARGET_DATA > next)
      throw new KernelError('xtables: an entry that is cut')
    all.push(at)
    const builtIn = hooks.get(at - ENTRIES_START)
    if (builtIn !== undefined) begin(builtIn)
    if (textAt(answer, target + TARGET_NAME, TARGET_NAME_BYTES) !== ERROR_TARGET) rules?.push(at)
    else if (next < answer.length) begin(textAt(answer, target + TARGET_DATA, CHAIN_NAME_BYTES))
    at = next
  }
  rules?.pop()
  return {all, chains}
}

function textAt(bytes: Buffer, start: number, most: number): string {
  const end = bytes.indexOf(0, start)
  return bytes.toString('latin1', start, end < 0 || end > start + most ? start + most : end)
}

const WORD = 4
const HIGH = 2 ** 32
const words = (answer: Buffer) => new Uint32Array(answer.buffer, answer.byteOffset, answer.length / WORD)

/** Reads what rules have counted, in order of `places`. Exact up to 2^53, which no counter reaches. */
export function readCounters(answer: Buffer, places: readonly number[]): {packets: Float64Array; bytes: Float64Array} {
  const numbers = words(answer)
  const packets = new Float64Array(places.length)
  const bytes = new Float64Array(places.length)
  for (const [index, place] of places.entries()) {
    const at = (place + COUNTERS) / WORD
    packets[index] = (numbers[at] as number) + (numbers[at + 1] as number) * HIGH
    bytes[index] = (numbers[at + 2] as number) + (numbers[at + 3] as number) * HIGH
  }
  return {packets, bytes}
}

/** Makes an answer one that is the same as long as the rules are, by overwriting what entries have counted. */
export function clearCounters(answer: Buffer, places: readonly number[]): void {
  const numbers = words(answer)
  for (const place of places) {
    const at = (place + COUNTERS) / WORD
    numbers[at] = 0
    numbers[at + 1] = 0
    numbers[at + 2] = 0
    numbers[at + 3] = 0
  }
}
