import type {PolicyPort} from '../kubernetes/objects.ts'
import type {Packet} from '../net/packet.ts'
import type {End} from '../policy/packet-ends.ts'
import {portTest} from '../policy/rule-tests.ts'
import {allServices, cutServices, type ServiceRange, serviceAt, servicesOf} from './services.ts'

const EVERYTHING: readonly ServiceRange[] = [allServices]

/** The services that the ports of a rule mean, for each receiver: names stand for what it declares. */
export class PolicyPorts {
  private readonly ports: readonly PolicyPort[]
  private readonly isNamed: boolean
  private fixed: readonly ServiceRange[] | undefined

  /** @param ports empty or absent for every port */
  constructor(ports: readonly PolicyPort[] | undefined) {
    this.ports = ports ?? []
    this.isNamed = this.ports.some(isNamedPort)
    if (this.ports.length === 0) this.fixed = EVERYTHING
  }

  /** Ranges in order, that do not touch each other. */
  of(receiver: End): readonly ServiceRange[] {
    if (this.fixed) return this.fixed
    const ranges = this.find(receiver)
    if (!this.isNamed) this.fixed = ranges
    return ranges
  }

  /** Services that named ports may mean where a pod may be that is not known. */
  unsureOf({mayBePod}: End): readonly ServiceRange[] {
    if (!this.isNamed || !mayBePod) return []
    return this.ports.filter(isNamedPort).map(({protocol = 'TCP'}) => servicesOf(protocol.toLowerCase() as 'tcp'))
  }

  private find(receiver: End): ServiceRange[] {
    const declared = this.isNamed ? declaredPorts(receiver) : []
    const edges = [...this.ports.flatMap(edgesOf), ...declared.flatMap(port => [port, port + 1])]
    const tests = this.ports.map(portTest)
    const found: ServiceRange[] = []
    for (const range of cutServices(allServices, edges)) {
      const {protocol, port} = serviceAt(range.from)
      const packet = {source: '', destination: '', protocol: protocol as Packet['protocol'], ...(port !== undefined && {port})}
      if (!tests.some(test => test(packet, receiver) === true)) continue
      const last = found.at(-1)
      if (last && last.to === range.from - 1) found[found.length - 1] = {from: last.from, to: range.to}
      else found.push(range)
    }
    return found
  }
}

const isNamedPort = ({port}: PolicyPort): boolean => typeof port === 'string' && !/^\d+$/.test(port)

function edgesOf({port, endPort}: PolicyPort): number[] {
  const first = Number(port)
  return Number.isInteger(first) ? [first, (endPort ?? first) + 1] : []
}

const declaredPorts = ({pod}: End): number[] =>
  Object.values(pod?.spec ?? {}).flatMap(each =>
    Array.isArray(each)
      ? each.flatMap(container => (container.ports ?? []).map(({containerPort}: {containerPort: number}) => containerPort))
      : [],
  )
