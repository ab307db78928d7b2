import {KernelError} from '../native/kernel-error.ts'
import {loadKoffi} from '../native/koffi.ts'
import {ENTRIES_START, entriesRequest, infoRequest, prepareEntries, readInfo, type TableInfo} from './entries.ts'

const AF_INET = 2
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0x80000
const IPPROTO_IP = 0
const IPT_SO_GET_INFO = 64
const IPT_SO_GET_ENTRIES = 65
/** The table became larger or smaller since it was asked for its size. */
const EAGAIN = 11

/** The machines whose layout `entries.ts` knows. */
const KNOWN_MACHINES: readonly string[] = ['x64', 'arm64']

/** A way to the IPv4 tables of the legacy back end, of the network namespace in which it was opened. */
export interface XtablesSocket extends Disposable {
  /** @throws KernelError */
  info(table: string): TableInfo
  /**
   * All entries of a table.
   *
   * @param into an answer from before, which is used again where it has the size. The kernel does not write every byte of it: what it leaves is the same
   *   only if the rules were
   * @returns undefined when the table was changed since `info` was asked
   * @throws KernelError
   */
  entries(table: string, info: TableInfo, into?: Buffer): Buffer | undefined
}

/** @throws KernelError when the kernel gives none */
export type OpenXtables = () => XtablesSocket

/** How such sockets are opened; undefined where C libraries cannot be called, and on machines that order memory otherwise. */
export async function loadXtables(): Promise<OpenXtables | undefined> {
  if (process.platform !== 'linux' || !KNOWN_MACHINES.includes(process.arch)) return undefined
  const koffi = await loadKoffi()
  if (!koffi) return undefined
  const libc = koffi.load(null)
  const socket = libc.func('int socket(int domain, int type, int protocol)')
  const getOption = libc.func('int getsockopt(int fd, int level, int name, _Inout_ void *value, _Inout_ uint32_t *length)')
  const close = libc.func('int close(int fd)')
  return () => {
    const fd: number = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_IP)
    if (fd < 0) throw new KernelError('xtables: no socket', koffi.errno())
    return {
      info(table) {
        const request = infoRequest(table)
        if (getOption(fd, IPPROTO_IP, IPT_SO_GET_INFO, request, [request.length]) === 0) return readInfo(request)
        throw new KernelError(`xtables: no table ${table}`, koffi.errno())
      },
      entries(table, {bytes}, into) {
        const isOfSize = into?.length === ENTRIES_START + bytes
        const request = isOfSize ? into : entriesRequest(table, bytes)
        if (isOfSize) prepareEntries(request, table)
        if (getOption(fd, IPPROTO_IP, IPT_SO_GET_ENTRIES, request, [request.length]) === 0) return request
        const errno = koffi.errno()
        if (errno === EAGAIN) return undefined
        throw new KernelError(`xtables: no entries of table ${table}`, errno)
      },
      [Symbol.dispose]: () => void close(fd),
    }
  }
}
