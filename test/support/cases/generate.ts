import {type CaseShape, caseShape, type PolicyShape} from './shape.ts'

/*
 * Every kind of peer with every kind of ports, in both directions, alone and beside another rule: what no one writes by
 * hand without a gap. What each kind lets through is written by hand all the same.
 */

type Peers = NonNullable<NonNullable<PolicyShape['ingress']>[number]['from']>
type Ports = NonNullable<NonNullable<PolicyShape['ingress']>[number]['ports']>

interface PeerKind {
  readonly name: string
  readonly peers?: Peers
  /** Whom of the harbour, besides the lamp itself. */
  readonly admits: string
}

const inWater = {matchLabels: {zone: 'water'}}

const peerKinds: readonly PeerKind[] = [
  {name: 'everyone', admits: '*'},
  {name: 'labelled neighbours', peers: [{podSelector: {matchLabels: {tier: 'back'}}}], admits: 'quay/winch'},
  {name: 'all neighbours', peers: [{podSelector: {}}], admits: 'quay/crane, quay/winch'},
  {
    name: 'neighbours by one of several values',
    peers: [{podSelector: {matchExpressions: [{key: 'crew', operator: 'In', values: ['red', 'green']}]}}],
    admits: 'quay/crane',
  },
  {
    name: 'labelled namespaces',
    peers: [{namespaceSelector: inWater}],
    admits: 'quay/crane, quay/winch, ferry/deck, ferry/engine',
  },
  {
    name: 'all namespaces',
    peers: [{namespaceSelector: {}}],
    admits: 'quay/crane, quay/winch, ferry/deck, ferry/engine, customs/desk, customs/vault',
  },
  {
    name: 'labelled pods of labelled namespaces',
    peers: [{namespaceSelector: inWater, podSelector: {matchLabels: {tier: 'front'}}}],
    admits: 'quay/crane, ferry/deck',
  },
  {name: 'a block', peers: [{ipBlock: {cidr: '10.80.2.0/24'}}], admits: 'ferry/deck, ferry/engine'},
  {
    name: 'a block with an exception',
    peers: [{ipBlock: {cidr: '10.0.0.0/8', except: ['10.80.1.0/24']}}],
    admits: 'ferry/deck, ferry/engine, ferry/pilot, customs/desk, customs/vault, customs/census',
  },
]

const crew = (operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist', ...values: string[]): Peers => [
  {
    namespaceSelector: {},
    podSelector: {matchExpressions: [{key: 'crew', operator, ...(values.length > 0 && {values})}]},
  },
]

// Beside a key that must be there: Azure NPM takes negations alone for something else.
const shift = (operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist', ...values: string[]): Peers => [
  {
    namespaceSelector: {
      matchExpressions: [
        {key: 'shift', operator, ...(values.length > 0 && {values})},
        {key: 'zone', operator: 'Exists'},
      ],
    },
  },
]

/** Every operator, with one value and several, for pods and for namespaces. */
const operatorKinds: readonly PeerKind[] = [
  {name: 'pods In one', peers: crew('In', 'red'), admits: 'quay/crane, ferry/deck'},
  {name: 'pods In several', peers: crew('In', 'red', 'green'), admits: 'quay/crane, ferry/deck, ferry/engine'},
  {name: 'pods NotIn one', peers: crew('NotIn', 'red'), admits: 'quay/winch, ferry/engine, customs/desk, customs/vault'},
  {name: 'pods NotIn several', peers: crew('NotIn', 'red', 'green'), admits: 'quay/winch, customs/desk, customs/vault'},
  {name: 'pods Exists', peers: crew('Exists'), admits: 'quay/crane, quay/winch, ferry/deck, ferry/engine, customs/desk'},
  {name: 'pods DoesNotExist', peers: crew('DoesNotExist'), admits: 'customs/vault'},
  {name: 'namespaces In one', peers: shift('In', 'night'), admits: 'ferry/deck, ferry/engine'},
  {
    name: 'namespaces In several',
    peers: shift('In', 'night', 'day'),
    admits: 'quay/crane, quay/winch, ferry/deck, ferry/engine',
  },
  {
    name: 'namespaces NotIn one',
    peers: shift('NotIn', 'night'),
    admits: 'quay/crane, quay/winch, customs/desk, customs/vault',
  },
  {name: 'namespaces Exists', peers: shift('Exists'), admits: 'quay/crane, quay/winch, ferry/deck, ferry/engine'},
  {name: 'namespaces DoesNotExist', peers: shift('DoesNotExist'), admits: 'customs/desk, customs/vault'},
]

interface PortKind {
  readonly name: string
  readonly ports?: Ports
  readonly admits: string
  /** A named port is the receiver's: who has it, when the lamp is the sender. */
  readonly egress?: {readonly receiver: string; readonly admits: string}
}

const anyPort: PortKind = {name: 'any port', admits: 'any'}

const portKinds: readonly PortKind[] = [
  anyPort,
  {name: 'a TCP port', ports: [{protocol: 'TCP', port: 80}], admits: 'tcp/80'},
  {name: 'a UDP port', ports: [{protocol: 'UDP', port: 81}], admits: 'udp/81'},
  {name: 'an SCTP port', ports: [{protocol: 'SCTP', port: 82}], admits: 'sctp/82'},
  {
    name: 'a named port',
    ports: [{protocol: 'TCP', port: 'beam'}],
    admits: 'tcp/80',
    egress: {receiver: 'ferry/engine', admits: 'tcp/81'},
  },
  {name: 'a range of ports', ports: [{protocol: 'TCP', port: 79, endPort: 81}], admits: 'tcp/80, tcp/81'},
  {name: 'a protocol', ports: [{protocol: 'UDP'}], admits: 'udp/*'},
  {name: 'two ports', ports: [{port: 81}, {protocol: 'UDP', port: 80}], admits: 'tcp/81, udp/80'},
]

type Direction = 'ingress' | 'egress'

const LAMP = 'quay/lamp'

/** For each direction: no rule at all, every operator alone, then every combination alone and beside another one. */
export function generatedCases(): CaseShape[] {
  return (['ingress', 'egress'] as const).flatMap(direction => [
    caseOf(direction, 'no rule', []),
    ...operatorKinds.map(peer => caseOf(direction, `by ${peer.name}`, [[peer, anyPort]])),
    ...combinations().flatMap(([peer, port]) => {
      const rule = [at(peerKinds, peer), at(portKinds, port)] as const
      // Far away in both lists, so that the two overlap in part.
      const other = [at(peerKinds, peer + 4), at(portKinds, port + 3)] as const
      return [
        caseOf(direction, `one rule, ${nameOf(rule)}`, [rule]),
        caseOf(direction, `two rules, ${nameOf(rule)}; ${nameOf(other)}`, [rule, other]),
      ]
    }),
  ])
}

const combinations = (): [number, number][] =>
  peerKinds.flatMap((_, peer) => portKinds.map((_, port): [number, number] => [peer, port]))

const at = <Kind>(kinds: readonly Kind[], index: number): Kind => kinds[index % kinds.length] as Kind

type Rule = readonly [PeerKind, PortKind]

const nameOf = ([peer, port]: Rule): string => `${peer.name} on ${port.name}`

function caseOf(direction: Direction, what: string, rules: readonly Rule[]): CaseShape {
  const isIngress = direction === 'ingress'
  const written = rules.map(([{peers}, {ports}]) => ({...(peers && {[isIngress ? 'from' : 'to']: peers}), ...(ports && {ports})}))
  return caseShape.parse({
    name: `${direction}, ${what}`,
    policies: [
      {
        in: 'quay',
        name: 'lamp',
        podSelector: {matchLabels: {app: 'lamp'}},
        policyTypes: [isIngress ? 'Ingress' : 'Egress'],
        ...(rules.length > 0 && {[direction]: written}),
      },
    ],
    expect: [
      '* -> * any: accept',
      isIngress ? `* -> ${LAMP} any: drop` : `${LAMP} -> * any: drop`,
      ...rules.flatMap(rule => lineOf(rule, isIngress)),
    ],
  })
}

function lineOf([peer, port]: Rule, isIngress: boolean): string[] {
  if (isIngress) return [`${peer.admits} -> ${LAMP} ${port.admits}: accept`]
  if (!port.egress) return [`${LAMP} -> ${peer.admits} ${port.admits}: accept`]
  const {receiver, admits} = port.egress
  const isAdmitted = peer.admits === '*' || peer.admits.split(', ').includes(receiver)
  return isAdmitted ? [`${LAMP} -> ${receiver} ${admits}: accept`] : []
}
