import type {NetlinkSocket} from '../../../agent/netlink/socket.ts'

/** A rule as the kernel has it. */
export interface FakeRule {
  packets: number
  bytes: number
  /** Whether it has an expression that counts. */
  readonly counts?: boolean
}

const attribute = (type: number, value: Buffer): Buffer => {
  const bytes = Buffer.alloc(4 + ((value.length + 3) & ~3))
  bytes.writeUInt16LE(4 + value.length, 0)
  bytes.writeUInt16LE(type, 2)
  value.copy(bytes, 4)
  return bytes
}
const nested = (type: number, ...inner: readonly Buffer[]) => attribute(type | 0x8000, Buffer.concat(inner))
const text = (type: number, value: string) => attribute(type, Buffer.from(`${value}\0`))
const number = (type: number, value: number) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return attribute(type, bytes)
}

export function message(type: number, content: Buffer, flags = 2): Buffer {
  const header = Buffer.alloc(16)
  header.writeUInt32LE(16 + content.length, 0)
  header.writeUInt16LE(type, 4)
  header.writeUInt16LE(flags, 6)
  return Buffer.concat([header, content])
}
const netfilter = Buffer.alloc(4)

/** The message of one rule: with an expression of a match before its counter, and one of a target behind it, as iptables-nft makes them. */
export function ruleMessage(chain: string, handle: number, {packets, bytes, counts = true}: FakeRule, flags?: number): Buffer {
  const match = nested(1, text(1, 'match'), nested(2, text(1, 'comment')))
  const counter = nested(1, text(1, 'counter'), nested(2, number(1, bytes), number(2, packets)))
  const target = nested(1, text(1, 'immediate'), nested(2, text(1, 'DROP')))
  const expressions = nested(4, match, ...(counts ? [counter] : []), target)
  return message(0xa06, Buffer.concat([netfilter, text(1, 'filter'), text(2, chain), number(3, handle), expressions]), flags)
}
export const doneMessage = (code = 0): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(code)
  return message(3, bytes)
}

/** A kernel with one table, whose socket tells of each request before it answers: what is done then, happens in the middle of a read. */
export function fakeNetlink(chains: Readonly<Record<string, readonly FakeRule[]>>, before: (chain: string | undefined) => void) {
  const asked: (string | undefined)[] = []
  const open = (): NetlinkSocket => {
    let parts: Buffer[] = []
    return {
      send(request) {
        const isGeneration = request.readUInt16LE(4) === 0xa10
        // Behind the headers and the table's name.
        const chain = request.length > 32 ? request.toString('utf8', 36, 32 + request.readUInt16LE(32) - 1) : undefined
        if (isGeneration) {
          parts = [message(0xa0f, Buffer.concat([netfilter, attribute(1, Buffer.from([0, 0, 0, 7]))]))]
          return
        }
        before(chain)
        asked.push(chain)
        const told = chain === undefined ? Object.keys(chains) : [chain]
        const rules = told.flatMap(name => (chains[name] ?? []).map((rule, index) => ruleMessage(name, index + 1, rule)))
        parts = [...rules, doneMessage()]
      },
      receive() {
        const part = parts.shift()
        if (!part) throw new Error('nothing was asked')
        return part
      },
      [Symbol.dispose]() {},
    }
  }
  return {open, asked}
}
