import type {Term} from '../../contract/common.ts'
import type {TranslatedPolicy, Translation} from '../../contract/translation.ts'
import {API_VERSION} from '../../contract/version.ts'
import type {NodeTranslation, TranslationFacts} from '../../dataplane/node-translation.ts'
import {type NetworkPolicy, objectKey} from '../../kubernetes/objects.ts'
import type {Scheme} from '../../names/hash.ts'
import {setKernelName} from '../../names/kernel-name.ts'
import type {Problem} from '../../problem/problem.ts'
import {podsByAddress, translateSets} from '../../sets/list-sets.ts'
import {TermNames} from '../../sets/terms.ts'
import {addressField} from '../hns/conditions.ts'
import type {HnsEndpoint} from '../hns/model.ts'
import {AclOwners} from '../npm/acl-owners.ts'
import type {WindowsDocuments} from '../npm/documents.ts'
import {learnNames} from '../npm/learn-names.ts'
import {windowsPolicyOf} from '../npm/windows-policy.ts'
import {describeAcl, endpointName} from './describe-acl.ts'
import {type FoldedPolicy, foldAcls} from './node-policies.ts'

/** The translation of a Windows node, with what a walk in words needs. */
export interface WindowsTranslation extends NodeTranslation {
  readonly terms: TermNames
  readonly owners: AclOwners
}

/** Names of endpoints that a sentence lists before the rest is counted. */
const MOST_NAMED = 5

/** Learns all names of a node and finds its policies. Never throws for bad input: see `facts.problems`. */
export function openWindowsTranslation(documents: WindowsDocuments, endpoints: readonly HnsEndpoint[]): WindowsTranslation {
  const owners = new AclOwners(documents)
  const {names, used, kernelSets, schemes} = learnNames(documents, owners)
  const terms = new TermNames(documents, names)
  const folded = foldAcls(endpoints, owners)
  const ids = new Set(folded.policies.map(({chain}) => chain))
  const unresolvedSets = [...kernelSets].filter(id => names.namesOf(id).length === 0)
  const scheme: Scheme = schemes.has('sha256') || !schemes.has('fnv32a') ? 'sha256' : 'fnv32a'
  const objects = new Map(documents.cluster?.policies.map(policy => [objectKey(policy), policy]))
  const hasNpm = ids.size > 0 || kernelSets.size > 0
  const facts: TranslationFacts = {
    apiVersion: API_VERSION,
    kind: 'Translation',
    node: documents.node,
    backend: 'hns',
    nameScheme: nameSchemeOf(schemes),
    generation: hasNpm ? 'v2' : documents.endpoints ? 'absent' : 'unknown',
    active: documents.endpoints ? ids.size > 0 : null,
    jump: null,
    baseChains:
      folded.others.length === 0
        ? []
        : [
            {
              chain: 'other ACLs',
              meaning: 'ACLs of no policy: of the network plugin, or of Azure NPM on each endpoint',
              rules: folded.others.map(({acl, endpoint}) => {
                const {where, text} = describeAcl(acl, endpoint, terms)
                return {where, text: `${acl.direction === 'Out' ? 'out' : 'in'}: ${text}`, packets: null, bytes: null}
              }),
            },
          ],
    staleChains: [],
    incomplete: documents.lost.filter(({part}) => part === 'endpoints'),
    unresolved: [...unresolvedSets, ...folded.policies.flatMap(({policy, chain}) => (policy === 'unknown' ? [chain] : []))],
    problems: [
      ...documents.problems,
      ...names.problems(),
      ...staleProblems(folded.stale),
      ...missingProblems(documents, endpoints),
      ...endlessProblems(documents, used),
      ...unresolvedProblems(unresolvedSets.length),
    ],
  }
  return {
    facts,
    names,
    terms,
    owners,
    kernelSets,
    policyOfChain: policiesOfIds(folded.policies),
    hasRuleList: name => ids.has(name),
    *policies(wants = () => true) {
      for (const policy of folded.policies)
        if (wants(policy)) yield translatePolicy(policy, {terms, owners, object: objects.get(policy.policy), scheme})
    },
    // What HNS prints is JSON, and has the names already.
    savedText: () => undefined,
    sets: () => translateSets(documents, names, documents.cluster && podsByAddress(documents.cluster)),
  }
}

function translatePolicy(
  {policy, direction, chain, candidates, acls, endpoints}: FoldedPolicy,
  {
    terms,
    owners,
    object,
    scheme,
  }: {
    readonly terms: TermNames
    readonly owners: AclOwners
    readonly object: NetworkPolicy | undefined
    readonly scheme: Scheme
  },
): TranslatedPolicy {
  const appliesTo = object ? targetOf(object, scheme, terms) : []
  const names = endpoints.map(endpoint => owners.podsAt(endpoint)[0] ?? endpoint.address ?? endpointName(endpoint))
  const more = names.length - MOST_NAMED
  const at = `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  return {
    policy,
    ...(candidates && {candidates: [...candidates]}),
    direction,
    chain,
    enforced: true,
    appliesTo,
    subject: appliesTo.length > 0 ? `${terms.say(appliesTo)}, here ${at}` : at,
    packets: null,
    bytes: null,
    rules: acls.map(({acl, endpoint}) => describeAcl(acl, endpoint, terms)),
  }
}

/** The sets whose common members a policy selects. ACLs do not name them, so only the policy tells. */
function targetOf(object: NetworkPolicy, scheme: Scheme, terms: TermNames): Term[] {
  const {target} = windowsPolicyOf(object, {scheme, semantics: 'npm'})
  return target.map(({set, negated}) => terms.term({set: setKernelName(set.name, scheme), negated}, set.name))
}

function policiesOfIds(policies: readonly FoldedPolicy[]): Map<string, string> {
  const found = new Map<string, Set<string>>()
  for (const {chain, policy} of policies) {
    if (policy === 'unknown') continue
    const its = found.get(chain) ?? new Set()
    found.set(chain, its.add(policy))
  }
  return new Map([...found].map(([chain, its]) => [chain, [...its].join('|')]))
}

function nameSchemeOf(schemes: ReadonlySet<Scheme>): Translation['nameScheme'] {
  const [only] = schemes
  return only === undefined ? 'unknown' : schemes.size > 1 ? 'mixed' : only
}

const staleProblems = (ids: readonly string[]): Problem[] =>
  ids.map(id => ({
    code: 'UNRESOLVED_NAME',
    message: `ACLs ${id} stand at a pod of another namespace than the policy's: a pod that had this address before has left them`,
    next: 'They judge the pod that is there now. Azure NPM takes them away when it starts.',
  }))

function missingProblems({policies}: WindowsDocuments, endpoints: readonly HnsEndpoint[]): Problem[] {
  if (!policies) return []
  const missing = new Map<string, string>()
  for (const endpoint of endpoints)
    for (const {localAddresses, remoteAddresses, id = 'without id'} of endpoint.acls)
      for (const field of [addressField(localAddresses), addressField(remoteAddresses)])
        if (field.kind === 'sets')
          for (const set of field.ids)
            if (!policies.has(set) && !missing.has(set)) missing.set(set, `ACL ${id} of endpoint ${endpointName(endpoint)}`)
  return [...missing].map(([set, where]) => ({
    code: 'MISSING_SET',
    message: `${where} names set ${set}, which no network in the input has`,
    next: 'HNS should refuse such a rule. Take networks and endpoints at one time.',
  }))
}

const endlessProblems = ({policies}: WindowsDocuments, used: ReadonlySet<string>): Problem[] =>
  [...(policies?.values() ?? [])].flatMap((set): Problem[] =>
    set.policyType === 'NESTEDIPSET' && set.values.length === 0 && used.has(set.id)
      ? [
          {
            code: 'BAD_MEMBER',
            message: `the list ${set.name ?? set.id} has no members, and HNS takes such a list for every address: ACLs that name it allow everybody`,
            next: 'Azure NPM puts an empty set into each list of namespaces. Restart it on this node, so that it makes its sets anew.',
          },
        ]
      : [],
  )

const unresolvedProblems = (sets: number): Problem[] =>
  sets === 0
    ? []
    : [
        {
          code: 'UNRESOLVED_NAME',
          message: `nothing tells the names of ${sets} sets`,
          next: 'Give the cluster objects: kubectl get pods,namespaces,networkpolicies -A -o json',
        },
      ]
