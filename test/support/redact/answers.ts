import type {Where} from '../../../core/contract/common.ts'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {compareNode} from '../../../core/drift/compare-node.ts'
import type {DumpDocument} from '../../../core/dump/model.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import {matrixEnds, probes} from '../../../core/matrix/matrix.ts'
import type {Redaction} from '../../../core/redact/redaction.ts'
import {renamePolicy} from '../../../core/renaming/renamer.ts'
import {translate} from '../translate.ts'

/** How names are told afterwards; for the answers before, into those after. */
export interface Names {
  readonly word: (word: string) => string
  readonly policy: (policy: string) => string
  readonly set: (kernelName: string) => string
  readonly chain: (chain: string) => string
  readonly entry: (entry: string) => string
  /** The readable name of a set. Sets of different hashes may have one name: the kernel name tells which is meant. */
  readonly named: (name: string, kernelName: string | undefined) => string
}

const same = (text: string): string => text
export const unchanged: Names = {word: same, policy: same, set: same, chain: same, entry: same, named: same}

export const renamed = (redaction: Redaction): Names => ({
  word: word => redaction.words.fake(word),
  policy: policy => (policy === 'unknown' ? policy : renamePolicy(policy, redaction.words.renamer)),
  set: set => redaction.names.set(set),
  chain: chain => redaction.names.chain(chain),
  entry: entry => (redaction.lines.get('ipset-save')?.(`add azure-npm-1 ${entry}`) ?? '').split(' ').slice(2).join(' '),
  named: (name, kernelName) => {
    const known = kernelName === undefined ? undefined : redaction.names.namesOf(kernelName).find(each => each.name === name)
    if (known) return redaction.names.renameSet(known)
    return name.startsWith('azure-npm-') ? redaction.names.set(name) : redaction.freeText.setName(name)
  },
})

export async function nodeOf(documents: readonly DumpDocument[]): Promise<NodeState> {
  const {nodes} = await readDump(documents.map(document => ({...document, folder: 'd'})))
  return nodes[0] as NodeState
}

/** A rule's place, with its chain as it is called afterwards. */
const placeOf = (where: Where, names: Names): Where => ('chain' in where ? {...where, chain: names.chain(where.chain)} : where)

const sorted = <Item>(items: readonly Item[]): Item[] =>
  items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

/** All that `translate` and `sets` say, but for sentences. */
export function translationOf(dump: NodeState, names: Names) {
  const {facts, policies, sets} = (({policies: its, sets: all, ...rest}) => ({facts: rest, policies: its, sets: all}))(
    translate(dump),
  )
  const term = ({set, negated, name}: {set: string; negated: boolean; name: string}) => ({
    set: names.set(set),
    negated,
    isKnown: name !== 'unknown',
  })
  return {
    facts: {
      backend: facts.backend,
      nameScheme: facts.nameScheme,
      generation: facts.generation,
      active: facts.active,
      jump: facts.jump,
      unresolved: sorted(facts.unresolved.map(name => (name.startsWith('AZURE') ? names.chain(name) : names.set(name)))),
      problems: sorted(facts.problems.map(({code, line, file}) => ({code, line, file}))),
      baseChains: facts.baseChains.map(({chain, rules}) => ({chain, rules: rules.map(({where}) => placeOf(where, names))})),
    },
    policies: sorted(
      policies.map(({policy, candidates, direction, chain, appliesTo, rules}) => ({
        policy: names.policy(policy),
        candidates: sorted((candidates ?? []).map(names.policy)),
        direction,
        chain: names.chain(chain),
        appliesTo: appliesTo.map(term),
        rules: rules.map(({action, protocol, port, endPort, sources, destinations, where}) => ({
          action,
          protocol,
          port: typeof port === 'string',
          number: typeof port === 'number' ? port : undefined,
          endPort,
          sources: sources.map(term),
          destinations: destinations.map(term),
          where: placeOf(where, names),
        })),
      })),
    ),
    sets: sorted(
      sets.map(({set, name, names: all, type, kind, ipsetType, members, memberPods, references, evidence}) => ({
        set: names.set(set),
        isKnown: name !== 'unknown',
        count: all.length,
        type,
        kind,
        ipsetType,
        members: members?.map(names.entry),
        pods: memberPods?.map(pods => pods.map(names.policy)),
        references,
        evidence,
      })),
    ),
  }
}

const PORTS = [
  {protocol: 'tcp', port: 80},
  {protocol: 'tcp', port: 8080},
  {protocol: 'tcp', port: 5432},
  {protocol: 'udp', port: 53},
  {protocol: 'sctp', port: 7400},
] as const

/** All verdicts, walked and meant, between all pods and an address outside. */
export function matrixOf(dump: NodeState, names: Names) {
  const ends = matrixEnds(dump.cluster?.pods ?? [], {name: 'external', address: '203.0.113.254'})
  const found = [...probes({ends, ports: PORTS, nodes: [dump], ...(dump.cluster && {cluster: dump.cluster})})]
  const end = (name: string) => (name === 'external' ? name : names.policy(name))
  return sorted(found.map(({source, destination, ...rest}) => ({source: end(source), destination: end(destination), ...rest})))
}

/** All differences that `diff` finds, as far as they are no sentences. */
export function driftOf(dump: NodeState, names: Names) {
  if (!dump.cluster) return []
  const {items} = compareNode(dump.cluster, dump)
  return sorted(
    items.map(({kind, change, name, kernelName, policy, effect, where, line}) => ({
      kind,
      change,
      name: name === 'FORWARD' ? name : name.startsWith('AZURE') ? names.chain(name) : names.named(name, kernelName),
      policy: policy === undefined ? undefined : names.policy(policy),
      effect,
      where: where && placeOf(where, names),
      line,
    })),
  )
}
