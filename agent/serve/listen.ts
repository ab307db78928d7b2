import {once} from 'node:events'
import {chmod, mkdir, readdir, stat, unlink} from 'node:fs/promises'
import {createServer as createPlainServer, type Server as PlainServer} from 'node:http'
import {createServer, type Server} from 'node:https'
import {type AddressInfo, isIP} from 'node:net'
import {join} from 'node:path'
import {AGENT_SOCKET} from '../../core/contract/agent.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {Limits} from '../limits/limits.ts'
import type {AgentKey} from './key.ts'
import {isAnswered} from './unix-socket.ts'

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** @throws InputError unless it is an address of the loopback with a port */
export function parseListen(text: string): ListenAddress {
  const [, v6, v4, digits] = /^(?:\[([\da-f:.]+)\]|([\d.]+)):(\d{1,5})$/i.exec(text) ?? []
  const host = v6 ?? v4 ?? ''
  const port = Number(digits)
  if (isIP(host) === 0 || port > 65_535)
    throw new InputError(`--listen ${text}: not an address and a port`, 'For example --listen 127.0.0.1:10092')
  if (host !== '::1' && !host.startsWith('127.'))
    throw new InputError(
      `--listen ${text}: the agent listens on the node's loopback only`,
      'Clients come through kubectl port-forward. For example --listen 127.0.0.1:10092',
    )
  return {host, port}
}

const httpLimits = (limits: Limits) => ({
  maxHeaderSize: limits.headerBytes,
  headersTimeout: limits.signInMs,
  requestTimeout: limits.signInMs,
  keepAliveTimeout: 1,
})

/** Opens the port. @throws InputError when it is taken */
export async function listenTls({host, port}: ListenAddress, key: AgentKey, limits: Limits): Promise<Server> {
  const server = createServer({
    ...httpLimits(limits),
    key: key.key,
    cert: key.certificate,
    minVersion: 'TLSv1.3',
    handshakeTimeout: limits.signInMs,
  })
  try {
    await once(server.listen({host, port}), 'listening')
  } catch (error) {
    const {code, message} = error as NodeJS.ErrnoException
    throw new InputError(
      code === 'EADDRINUSE' ? `${host}:${port} is taken by another program` : `cannot listen on ${host}:${port}: ${message}`,
      `Find who has it: ss -ltnp sport = :${port}. It may be another npm-agent.`,
    )
  }
  return server
}

export const portOf = (server: Server | PlainServer): number => (server.address() as AddressInfo).port

/** A full disk must not keep the agent from starting: clients can still use the port. */
const FULL: readonly (string | undefined)[] = ['ENOSPC', 'EDQUOT']

/**
 * Opens the unix socket for root of this node, in a folder that nobody else can enter.
 *
 * @returns undefined when the disk has no room for it
 * @throws InputError when the folder cannot be used, or another agent has the socket
 */
export async function listenUnix(folder: string, limits: Limits): Promise<{server: PlainServer; path: string} | undefined> {
  const path = join(folder, AGENT_SOCKET)
  const server = createPlainServer(httpLimits(limits))
  try {
    await openFolder(folder)
    if (await isAnswered(path))
      throw new InputError(
        `another npm-agent answers at ${path}`,
        'One is enough for a node. Give this one a folder of its own with --state-dir.',
      )
    await unlink(path).catch(ignoreMissing)
    await once(listenForRoot(server, path), 'listening')
  } catch (error) {
    if (error instanceof InputError) throw error
    if (FULL.includes((error as NodeJS.ErrnoException).code)) return undefined
    throw new InputError(
      `cannot open ${path}: ${(error as Error).message}`,
      'The agent needs a folder that it may write to: --state-dir FOLDER',
    )
  }
  return {server, path}
}

/** A folder that is new, or that the kubelet made for us, is closed to others. Nobody else's folder is touched. */
async function openFolder(folder: string): Promise<void> {
  const isNew = (await mkdir(folder, {recursive: true, mode: 0o700})) !== undefined
  if (isNew) return
  if ((await readdir(folder)).length === 0) await chmod(folder, 0o700)
  const {mode} = await stat(folder)
  if ((mode & 0o022) !== 0)
    throw new InputError(
      `${folder} may be written to by others, who could put a socket of theirs into it`,
      'Give a folder of its own with --state-dir, or take the right away: chmod go-w',
    )
}

/** The socket is made by the call itself, so that there is no moment at which others can open it. */
function listenForRoot(server: PlainServer, path: string): PlainServer {
  const before = process.umask(0o177)
  try {
    return server.listen(path)
  } finally {
    process.umask(before)
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
