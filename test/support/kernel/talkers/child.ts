import {createSocket} from 'node:dgram'
import {once} from 'node:events'
import {connect, createServer} from 'node:net'
import {createInterface} from 'node:readline'
import type {TalkerCommand} from './talker.ts'

/*
 * A process in the namespace of a pod. It answers what it is sent on the ports that it listens on, opens connections that stay open, and tells
 * whether what it says over one is answered. Reads commands from its standard input, one JSON object a line, and prints an answer to each.
 */

/** Says something, and waits for the answer. */
type Say = (withinMs: number) => Promise<boolean>
const open: Say[] = []

const answered = (come: Promise<unknown>, withinMs: number): Promise<boolean> =>
  Promise.race([
    come.then(
      () => true,
      () => false,
    ),
    new Promise<boolean>(resolve => {
      setTimeout(resolve, withinMs, false)
    }),
  ])

async function obey(command: TalkerCommand): Promise<unknown> {
  if (command.does === 'say') return open[command.id]?.(command.withinMs)
  const {protocol, port} = command
  if (command.does === 'listen') {
    if (protocol === 'tcp') {
      const server = createServer(socket => socket.on('error', () => {}).pipe(socket)).listen(port)
      await once(server, 'listening')
    } else {
      const socket = createSocket('udp4').on('message', (bytes, {address, port: to}) => socket.send(bytes, to, address))
      socket.bind(port)
      await once(socket, 'listening')
    }
    return true
  }
  if (protocol === 'tcp') {
    const socket = connect({host: command.address, port}).on('error', () => {})
    await once(socket, 'connect')
    open.push(withinMs => {
      const answer = once(socket, 'data')
      socket.write('x')
      return answered(answer, withinMs)
    })
  } else {
    const socket = createSocket('udp4').on('error', () => {})
    socket.connect(port, command.address)
    await once(socket, 'connect')
    open.push(withinMs => {
      const answer = once(socket, 'message')
      socket.send('x')
      return answered(answer, withinMs)
    })
  }
  return open.length - 1
}

process.stdout.write('"ready"\n')
for await (const line of createInterface(process.stdin))
  process.stdout.write(`${JSON.stringify((await obey(JSON.parse(line) as TalkerCommand)) ?? null)}\n`)
process.exit()
