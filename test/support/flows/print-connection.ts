import type {Connection, Tuple} from '../../../core/flows/connection.ts'

/** Prints a connection as `conntrack -L -o extended,id` does. */
export function printConnection(connection: Connection, isExtended = true): string {
  const {family, protocol, protocolNumber, timeout, state, original, reply, isUnreplied, isAssured, mark, zone, id} = connection
  const head = isExtended ? `${family}     ${family === 'ipv4' ? 2 : 10} ` : ''
  const facts = [
    ...(timeout === undefined ? [] : [String(timeout)]),
    ...(state === undefined ? [] : [state]),
    tupleText(original, 'orig'),
    ...(isUnreplied ? ['[UNREPLIED]'] : []),
    tupleText(reply, 'reply'),
    ...(isAssured ? ['[ASSURED]'] : []),
    ...(mark === undefined ? [] : [`mark=${mark}`]),
    ...(zone === undefined ? [] : [`zone=${zone}`]),
    'use=1',
    ...(id === undefined ? [] : [`id=${id}`]),
  ]
  return `${head}${protocol.padEnd(8)} ${protocolNumber} ${facts.join(' ')}`
}

function tupleText({source, destination, sourcePort, destinationPort, icmp, zone}: Tuple, direction: 'orig' | 'reply'): string {
  return [
    `src=${source} dst=${destination}`,
    ...(sourcePort === undefined ? [] : [`sport=${sourcePort} dport=${destinationPort}`]),
    ...(icmp ? [`type=${icmp.type} code=${icmp.code} id=${icmp.id}`] : []),
    ...(zone === undefined ? [] : [`zone-${direction}=${zone}`]),
  ].join(' ')
}
