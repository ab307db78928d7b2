import {KernelError} from '../native/kernel-error.ts'

/**
 * Messages of netlink, as bytes. Numbers are the machine's, and all machines that this runs on have the lowest byte first; what nftables
 * writes into an attribute has the highest first. Source: linux/netlink.h, linux/netfilter/nfnetlink.h.
 */

/** nlmsghdr: length, type, flags, sequence, port. */
const HEADER = 16
const TYPE = 4
const FLAGS = 6
const SEQUENCE = 8
/** nfgenmsg: family, version, resource. */
const NETFILTER_HEADER = 4
/** nlattr: length, type. */
const ATTRIBUTE_HEADER = 4
const TYPE_BITS = 0x3fff

const NLMSG_ERROR = 2
const NLMSG_DONE = 3
export const NLM_F_REQUEST = 1
export const NLM_F_DUMP = 0x300
/** Something was changed while the kernel told what there is. */
const NLM_F_DUMP_INTR = 0x10

const padded = (length: number): number => (length + 3) & ~3

/** A request of netfilter, with attributes that are texts. */
export function netfilterRequest(
  {type, flags, family}: {readonly type: number; readonly flags: number; readonly family: number},
  texts: readonly (readonly [attribute: number, text: string])[] = [],
): Buffer {
  const attributes = texts.map(([attribute, text]) => {
    const value = Buffer.from(`${text}\0`)
    const bytes = Buffer.alloc(ATTRIBUTE_HEADER + padded(value.length))
    bytes.writeUInt16LE(ATTRIBUTE_HEADER + value.length, 0)
    bytes.writeUInt16LE(attribute, 2)
    value.copy(bytes, ATTRIBUTE_HEADER)
    return bytes
  })
  const header = Buffer.alloc(HEADER + NETFILTER_HEADER)
  const message = Buffer.concat([header, ...attributes])
  message.writeUInt32LE(message.length, 0)
  message.writeUInt16LE(type, TYPE)
  message.writeUInt16LE(flags, FLAGS)
  message.writeUInt32LE(1, SEQUENCE)
  message[HEADER] = family
  return message
}

/** What a part of an answer says of the whole. */
export interface AnswerState {
  /** Whether it is the last one. A single message that answers says nothing of this. */
  readonly isLast: boolean
  /** Whether something was changed while the kernel told what there is, so that some of it may be told twice, or not at all. */
  readonly isInterrupted: boolean
}

/**
 * Reads one part of an answer: as many messages as the kernel gave at once.
 *
 * @param take is given where the attributes of each message begin and end
 * @throws NetlinkError when the kernel refuses, or what came is no whole message
 */
export function readPart(part: Buffer, take: (start: number, end: number) => void): AnswerState {
  let isInterrupted = false
  for (let at = 0; at < part.length; ) {
    const length = at + HEADER <= part.length ? part.readUInt32LE(at) : 0
    if (length < HEADER || at + length > part.length) throw new NetlinkError('a message that is cut')
    const type = part.readUInt16LE(at + TYPE)
    if ((part.readUInt16LE(at + FLAGS) & NLM_F_DUMP_INTR) !== 0) isInterrupted = true
    // Both begin with an error's number, which is negative, or 0.
    const code = type === NLMSG_ERROR || (type === NLMSG_DONE && length >= HEADER + 4) ? part.readInt32LE(at + HEADER) : 0
    if (code < 0) throw new NetlinkError('the kernel refuses', -code)
    if (type === NLMSG_DONE) return {isLast: true, isInterrupted}
    if (type !== NLMSG_ERROR) take(at + HEADER + NETFILTER_HEADER, at + length)
    at += padded(length)
  }
  return {isLast: false, isInterrupted}
}

/**
 * Finds an attribute between two places.
 *
 * @returns where its header begins; -1 when it is not there
 */
export function findAttribute(bytes: Buffer, type: number, start: number, end: number): number {
  for (let at = start; at + ATTRIBUTE_HEADER <= end; ) {
    const length = bytes.readUInt16LE(at)
    if (length < ATTRIBUTE_HEADER || at + length > end) throw new NetlinkError('an attribute that is cut')
    if ((bytes.readUInt16LE(at + 2) & TYPE_BITS) === type) return at
    at += padded(length)
  }
  return -1
}

/** Where the value of the attribute at a place begins, and where it ends. */
export const valueStart = (attribute: number): number => attribute + ATTRIBUTE_HEADER
export const valueEnd = (bytes: Buffer, attribute: number): number => attribute + bytes.readUInt16LE(attribute)
/** Where the next attribute begins. */
export const nextAttribute = (bytes: Buffer, attribute: number): number => attribute + padded(bytes.readUInt16LE(attribute))

/** A number of eight bytes. Exact up to 2^53, which no counter reaches. */
export const readUInt64BE = (bytes: Buffer, at: number): number => bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4)

/** What went wrong between this process and netlink. */
export class NetlinkError extends KernelError {
  constructor(what: string, errno?: number) {
    super(`netlink: ${what}`, errno)
    this.name = 'NetlinkError'
  }
}
