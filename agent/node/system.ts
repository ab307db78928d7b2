import {CLIENTS_ADDRESS, CLIENTS_SOCKET} from '../../core/contract/agent.ts'

/** Which operating system this machine has. The one place of the agent that asks. */
export const isWindows = process.platform === 'win32'

/** Where an agent serves clients that is told nothing else: Windows containers cannot share a unix socket. */
export const clientsAt = isWindows ? CLIENTS_ADDRESS : CLIENTS_SOCKET

/** Whether this process may ask for what a node holds. On Windows HNS itself says so when it is asked. */
export const mayReadNode = (): boolean => isWindows || process.getuid?.() === 0
