import {NetlinkError, readPart} from './message.ts'
import {generationRequest, readGeneration} from './nft-rules.ts'
import {loadNetlink, type NetlinkSocket, type OpenNetlink} from './socket.ts'

/**
 * The number of the last change of any rules of nftables in this network namespace. While it is the same, all rules are; what they count
 * does not change it.
 *
 * @throws NetlinkError
 */
export function generationOf(socket: NetlinkSocket): number {
  let generation: number | undefined
  socket.send(generationRequest())
  const part = socket.receive()
  readPart(part, (start, end) => {
    generation ??= readGeneration(part, start, end)
  })
  if (generation === undefined) throw new NetlinkError('no generation')
  return generation
}

let loaded: Promise<OpenNetlink | undefined> | undefined

/**
 * The same of this process's network namespace. Undefined where the kernel cannot be asked, for whatever reason: whoever asks can read the
 * rules.
 */
export async function rulesGeneration(): Promise<number | undefined> {
  try {
    loaded ??= loadNetlink()
    const open = await loaded
    if (!open) return undefined
    using socket = open()
    return generationOf(socket)
  } catch {
    return undefined
  }
}
