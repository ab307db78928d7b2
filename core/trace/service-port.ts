import {protocolOf} from '../kubernetes/named-ports.ts'
import {objectKey, type Service, type ServicePort} from '../kubernetes/objects.ts'
import {isHeadless} from '../kubernetes/service-backends.ts'
import {InputError} from '../problem/input-error.ts'
import {meant} from '../text/nearest.ts'

/** A port of a service, or behind a headless one the number that is asked for, which nobody translates. */
export interface AskedPort {
  readonly number: number | undefined
  readonly target: ServicePort | number
}

/**
 * The port of a service that is asked for.
 *
 * @throws InputError when it has none of this number or name, and when none is named and it has several
 */
export function portOfService(service: Service, protocol: string, asked: string | undefined): AskedPort {
  const ports = service.spec.ports ?? []
  const isNumber = asked !== undefined && /^\d+$/.test(asked)
  if (protocol === 'icmp') return {number: undefined, target: 0}
  // DNS gives the addresses of the pods themselves.
  if (isHeadless(service) && isNumber && Number(asked) <= 65_535) return {number: Number(asked), target: Number(asked)}
  const [only, ...others] = ports
  if (asked === undefined && only && others.length === 0) return {number: only.port, target: only}
  const found = ports.find(
    each =>
      protocolOf(each) === protocol && (isNumber ? each.port === Number(asked) : asked !== undefined && each.name === asked),
  )
  if (found) return {number: found.port, target: found}
  const list = ports.map(portText).join(', ') || 'none'
  if (asked === undefined)
    throw new InputError('--port is missing', `Say which port of service ${objectKey(service)}: it has ${list}.`)
  throw new InputError(`service ${objectKey(service)} has no port ${asked}/${protocol}: nobody receives what is sent there`, [
    ...meant(
      asked,
      ports.flatMap(({name}) => name ?? []),
    ),
    `It has: ${list}`,
  ])
}

const portText = (port: ServicePort): string =>
  `${port.port}/${protocolOf(port)}${port.name === undefined || port.name === '' ? '' : ` (${port.name})`}`
