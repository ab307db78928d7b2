import type {IncompletePart} from '../contract/common.ts'
import type {Trace} from '../contract/trace.ts'
import {protocolOf} from '../kubernetes/named-ports.ts'
import {type ClusterObjects, emptyCluster, objectKey, type Service, type ServicePort} from '../kubernetes/objects.ts'
import type {OutsideAddress} from '../kubernetes/service-addresses.ts'
import {type Backend, type Backends, backendsOf, isHeadless, isNodeLocal} from '../kubernetes/service-backends.ts'
import {InputError} from '../problem/input-error.ts'
import type {Problem} from '../problem/problem.ts'
import {shellWord} from '../text/shell-word.ts'
import {routeOf} from './nodes.ts'
import {portOfService} from './service-port.ts'
import {packetOf, type TraceQuestion, unknownTrace} from './trace.ts'
import {type TraceInput, traceQuestion} from './trace-question.ts'

/** A packet to a service, before its port is known. */
export interface ServiceQuestion extends Omit<TraceQuestion, 'port'> {
  readonly service: Service
}

/** All pods behind any port of a service, and addresses that are no pod's. */
export function backendsOfService(service: Service, cluster: ClusterObjects): readonly Backend[] {
  const ports: readonly (ServicePort | number)[] = isHeadless(service) ? [0] : (service.spec.ports ?? [])
  const all = ports.flatMap(port => backendsOf(service, port, cluster).backends)
  return [...new Map(all.map(backend => [backend.address, backend])).values()]
}

/**
 * Follows a packet to a service. Where the rules of a node translate its address, as kube-proxy writes them, these decide which ends it
 * may come to. Else every end of the port is traced that the objects tell: Azure NPM judges the packet as it is behind the service.
 *
 * @param asked the port as the user writes it: of the service, by number or name; may be left out where there is one
 * @throws InputError when the service has no such port, or is a name of another host
 */
export function traceService(
  input: TraceInput,
  {service, ...question}: ServiceQuestion,
  asked: string | undefined,
  problems: readonly Problem[],
): Trace {
  const {externalName} = service.spec
  if (service.spec.type === 'ExternalName' || externalName !== undefined)
    throw new InputError(
      `service ${objectKey(service)} is another name of ${externalName ?? 'another host'}: no packet goes to itself`,
      'Give the address that the name has, or external.',
    )
  const {number, target} = portOfService(service, question.protocol, asked)
  const cluster = input.cluster ?? emptyCluster()
  const toService = {...question, port: number}
  const found = backendsFor(toService, service, target, cluster)
  if (!isHeadless(service) && isTranslated(input, toService)) {
    const trace = traceQuestion(input, toService, problems)
    return {...trace, service: {...told(service, target, found), from: 'rules'}}
  }
  return overBackends(input, toService, {service, target, found}, problems)
}

/** The ends that the packets of one sender come to. */
function backendsFor(
  {source}: TraceQuestion,
  service: Service,
  target: ServicePort | number,
  cluster: ClusterObjects,
): Backends & {readonly node?: string} {
  if (!isNodeLocal(service)) return backendsOf(service, target, cluster)
  const node = source.pod?.spec?.nodeName ?? source.node
  if (node !== undefined) return {...backendsOf(service, target, cluster, node), node}
  const all = backendsOf(service, target, cluster)
  const part: IncompletePart = {
    part: `the node of ${source.name}`,
    state: 'absent',
    reason: `of service ${objectKey(service)} only pods on the sender's node get packets, and which node that is is not known`,
    next: 'Name a pod that sends, or a node: node/NAME',
  }
  return {...all, incomplete: [...all.incomplete, part]}
}

/**
 * A packet to an address at which a service is reached from outside of the cluster, or by the port of a node. Rules that translate it
 * decide. Nothing else tells from which address it comes to one of the service's pods: kube-proxy may put that of a node in the place of
 * the sender's.
 */
export function traceOutside(
  input: TraceInput,
  question: TraceQuestion,
  {service, port, what}: OutsideAddress,
  problems: readonly Problem[],
): Trace {
  if (isTranslated(input, question)) return traceQuestion(input, question, problems)
  const name = objectKey(service)
  const {source, destination} = question
  const at = `${destination.address}:${question.port}`
  const reason = `${at} is the ${what} of service ${name}: which of its pods gets the packet, and from which address, is up to kube-proxy, whose rules for it are not in the input`
  return {
    ...unknownTrace(question, reason),
    service: told(service, port, backendsOf(service, port, input.cluster ?? emptyCluster())),
    incomplete: [
      {
        part: `rules for ${at}`,
        state: 'absent',
        reason,
        next: `Give all tables of the node that gets the packet: iptables-save -c. What the pods behind it get from inside the cluster: kubectl npm trace ${shellWord(source.name)} ${shellWord(`svc/${name}`)} --port ${port.port}`,
      },
    ],
    disagreements: [],
    problems: [...problems],
  }
}

/** Whether the rules of a node make something else of a packet to a service. */
function isTranslated({dumps}: TraceInput, question: TraceQuestion): boolean {
  const packet = packetOf(question)
  return routeOf(dumps, question.source, question.destination).nodes.some(node => {
    if (node.completeness.rules === 'absent') return false
    const walk = node.walk(packet)
    return walk.translated !== undefined || walk.isLost === true || (walk.ways ?? []).some(way => way !== undefined)
  })
}

interface Resolved {
  readonly service: Service
  readonly target: ServicePort | number
  readonly found: Backends & {readonly node?: string}
}

function overBackends(
  input: TraceInput,
  question: TraceQuestion,
  {service, target, found}: Resolved,
  problems: readonly Problem[],
): Trace {
  const {backends, incomplete} = found
  const document = told(service, target, found)
  if (backends.length === 0) {
    const {reason, verdict} = noBackend(service, found)
    return {
      ...unknownTrace(question, reason),
      verdict,
      service: document,
      incomplete: [...incomplete],
      disagreements: [],
      problems: [...problems],
    }
  }
  const traces = backends.map(({address, port, pod}) =>
    traceQuestion(
      input,
      {
        ...question,
        destination: {name: pod ? objectKey(pod) : address, address, ...(pod && {pod, isNamed: true})},
        port: question.protocol === 'icmp' ? undefined : port,
        // Nobody translates the address of a headless one: to its own a pod sends inside itself.
        isTranslated: !isHeadless(service),
      },
      problems,
    ),
  )
  const [first] = traces as [Trace, ...Trace[]]
  const other = traces.find(({verdict}) => verdict !== first.verdict)
  const isDirect = isHeadless(service)
  const [{address}] = backends as [Backend, ...Backend[]]
  const shown = {
    ...first,
    packet: {
      ...first.packet,
      destination: {name: question.destination.name, address: isDirect ? address : question.destination.address},
      ...(!isDirect && {port: question.port ?? null}),
    },
    ...(!isDirect && {translated: first.translated ?? {destination: address, port: first.packet.port}}),
    service: {
      ...document,
      backends: document.backends.map((backend, at) => ({...backend, verdict: traces[at]?.verdict ?? 'unknown'})),
    },
    problems: [...first.problems, ...untranslated(service, question)],
  }
  if (other) {
    const way = (trace: Trace) => `to ${backendText(backends[traces.indexOf(trace)] as Backend)} it is ${WORDS[trace.verdict]}`
    const wanted = traces.find(({verdict}) => verdict === 'drop')?.remedies
    const {apiVersion, kind, packet, translated, walked, service: known, problems: said} = shown
    return {
      apiVersion,
      kind,
      packet,
      ...(translated && {translated}),
      service: known,
      walked,
      verdict: 'unknown',
      because: `it depends on the backend that the service chooses: ${way(first)}, ${way(other)}`,
      ingress: {verdict: 'unknown'},
      egress: {verdict: 'unknown'},
      trail: [],
      disagreements: [],
      incomplete: shown.incomplete,
      problems: said,
      ...(wanted && {remedies: wanted}),
    }
  }
  // Others, that were not given, may be judged otherwise.
  if (incomplete.length > 0 && first.verdict !== 'unknown') {
    const because = `to the backends that are known it is ${WORDS[first.verdict]}, and there may be others: ${incomplete[0]?.reason}`
    // What Azure NPM does with the first one says nothing of the others.
    const known: Trace = {...shown, verdict: 'unknown', because, incomplete: [...first.incomplete, ...incomplete]}
    delete known.foretold
    return known
  }
  return shown
}

/** Who takes a headless service for another one asks for a port at which its pods may not listen. */
function untranslated(service: Service, {port, protocol}: TraceQuestion): Problem[] {
  if (!isHeadless(service)) return []
  const known = service.spec.ports?.find(each => each.port === port && protocolOf(each) === protocol)
  const {targetPort} = known ?? {}
  if (targetPort === undefined || targetPort === port) return []
  return [
    {
      code: 'HEADLESS_PORT',
      message: `service ${objectKey(service)} is headless: nobody translates its port ${port}, and its pods listen at ${targetPort}`,
      next: `Ask for --port ${targetPort} if clients send there.`,
    },
  ]
}

const WORDS = {accept: 'allowed', drop: 'dropped', unknown: 'not known'} as const

function backendText({pod, address, port}: Backend): string {
  const place = `${address}:${port}`
  return pod ? `${objectKey(pod)} (${place})` : place
}

function noBackend(
  service: Service,
  {notReady, incomplete, from, node}: Resolved['found'],
): Pick<Trace, 'verdict'> & {readonly reason: string} {
  const [part] = incomplete
  const name = `service ${objectKey(service)}`
  if (part) return {verdict: 'unknown', reason: `the endpoints of ${name} are not known: ${part.reason}`}
  const why =
    notReady > 0
      ? `none of its ${notReady} endpoints${node === undefined ? '' : ` on node ${node}`} is ready`
      : node !== undefined
        ? `none of its endpoints is on node ${node}, and only such get packets of this node`
        : from === 'selector'
          ? 'its selector selects no running pod that has the port'
          : 'it has no endpoints'
  return {
    verdict: 'drop',
    reason: `${name}: ${why}, so that nobody receives the packet${isHeadless(service) ? '' : '; kube-proxy refuses it before Azure NPM would judge it'}`,
  }
}

/** What a document says of the service. */
function told(
  service: Service,
  target: ServicePort | number,
  {backends, from, notReady}: Backends,
): NonNullable<Trace['service']> {
  const {name, targetPort, port} = typeof target === 'number' ? {name: undefined, targetPort: undefined, port: target} : target
  return {
    name: objectKey(service),
    headless: isHeadless(service),
    port,
    ...(name !== undefined && name !== '' && {portName: name}),
    ...(targetPort !== undefined && {targetPort}),
    from,
    backends: backends.map(backend => ({
      address: backend.address,
      port: backend.port,
      ...(backend.pod && {pod: objectKey(backend.pod)}),
    })),
    notReady,
  }
}
