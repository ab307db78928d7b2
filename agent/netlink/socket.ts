import {loadKoffi} from '../native/koffi.ts'
import {NetlinkError} from './message.ts'

const AF_NETLINK = 16
const NETLINK_NETFILTER = 12
const SOCK_RAW = 3
const SOCK_CLOEXEC = 0x80000
const MSG_DONTWAIT = 0x40
/** Has recv tell how long a message was, however much of it fits. */
const MSG_TRUNC = 0x20
/** The kernel gives at most 32 KiB at once. */
const PART_BYTES = 64 * 1024

/** A way to the kernel's tables, of the network namespace in which it was opened. */
export interface NetlinkSocket extends Disposable {
  /** @throws NetlinkError */
  send(request: Buffer): void
  /**
   * The next part of the answer. The kernel has it ready: nothing waits. It is there until the next one is asked for.
   *
   * @throws NetlinkError
   */
  receive(): Buffer
}

/** @throws NetlinkError when the kernel gives none */
export type OpenNetlink = () => NetlinkSocket

/** How sockets of netfilter are opened; undefined where C libraries cannot be called. Source: netlink(7). */
export async function loadNetlink(): Promise<OpenNetlink | undefined> {
  if (process.platform !== 'linux') return undefined
  const koffi = await loadKoffi()
  if (!koffi) return undefined
  const libc = koffi.load(null)
  const socket = libc.func('int socket(int domain, int type, int protocol)')
  const send = libc.func('intptr_t send(int fd, _In_ void *bytes, size_t length, int flags)')
  const receive = libc.func('intptr_t recv(int fd, _Out_ void *bytes, size_t length, int flags)')
  const close = libc.func('int close(int fd)')
  const failed = (what: string) => new NetlinkError(what, koffi.errno())
  return () => {
    const fd: number = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER)
    if (fd < 0) throw failed('no socket')
    const bytes = Buffer.allocUnsafeSlow(PART_BYTES)
    return {
      send(request) {
        if (Number(send(fd, request, request.length, MSG_DONTWAIT)) < 0) throw failed('a request cannot be sent')
      },
      receive() {
        const length = Number(receive(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_TRUNC))
        if (length < 0) throw failed('no answer')
        if (length > bytes.length) throw new NetlinkError(`an answer of ${length} bytes`)
        return bytes.subarray(0, length)
      },
      [Symbol.dispose]: () => void close(fd),
    }
  }
}
