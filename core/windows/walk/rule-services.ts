import {joinedRanges} from '../../packets/service-ranges.ts'
import {protocolEdges, protocols, type ServiceRange, serviceNumber, servicesOf} from '../../packets/services.ts'
import type {EndpointRule} from './endpoint-rules.ts'

/** Services that a rule names, and whether its conditions on them are all known. */
export interface RuleServices {
  readonly ranges: readonly ServiceRange[]
  readonly isCertain: boolean
}

const WITH_PORTS = ['tcp', 'udp', 'sctp'] as const
const CLASSES: Readonly<Record<number, (typeof protocols)[number]>> = {1: 'icmp', 6: 'tcp', 17: 'udp', 132: 'sctp'}

/** The services for which a rule's conditions on protocol and ports hold, or may. */
export function ruleServices({protocols: named, destinationPorts, sourcePorts}: EndpointRule): RuleServices {
  const isPortless = destinationPorts === 'any' && sourcePorts === 'any'
  const isCertain = named !== undefined && destinationPorts !== undefined && sourcePorts === 'any'
  const classes = named === 'any' || named === undefined ? protocols : named.flatMap(number => CLASSES[number] ?? [])
  const ranges = classes.flatMap((each): readonly ServiceRange[] => {
    if (isPortless) return [servicesOf(each)]
    const withPorts = WITH_PORTS.find(name => name === each)
    if (!withPorts) return []
    if (destinationPorts === 'any' || destinationPorts === undefined) return [servicesOf(each)]
    return destinationPorts.map(({from, to}) => ({from: serviceNumber(each, from), to: serviceNumber(each, to)}))
  })
  const others =
    isPortless && Array.isArray(named)
      ? (named as number[]).flatMap(number => {
          const [from] = CLASSES[number] ? [] : protocolEdges(String(number))
          return from === undefined ? [] : [{from, to: from}]
        })
      : []
  return {ranges: joinedRanges([...ranges, ...others]), isCertain}
}
