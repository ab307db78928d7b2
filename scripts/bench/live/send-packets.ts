/*
 * Sends a packet a second to the first member of each set, until it is killed: node send-packets.ts, inside the namespace.
 */
import {createSocket} from 'node:dgram'
import {memberOf, SETS} from './node-text.ts'

const socket = createSocket('udp4')
setInterval(() => {
  // Nobody listens, and the rules drop it.
  for (let set = 0; set < SETS; set++) socket.send('', 9, memberOf(set, 0), () => {})
}, 1000)
