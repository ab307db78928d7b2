import {type ClusterObjects, type LabelSelector, type Labels, objectKey} from '../kubernetes/objects.ts'
import {SERVICE_LABEL} from '../kubernetes/read-services.ts'
import {schemes} from '../names/hash.ts'
import type {PolicyChainNames} from './chain-names.ts'
import {isKeptKey, isKeptPort, isKeptWord} from './public-words.ts'
import {type HashedName, type KnownObjects, renameSet} from './rename-set.ts'
import type {Renamer} from './renamer.ts'

/** All names of a dump, collected before the first one is replaced. */
export class Vocabulary implements KnownObjects {
  readonly policies = new Set<string>()
  readonly namespaces = new Set<string>()
  readonly keys = new Set<string>()
  /** Names and parts of names that must not be left anywhere in the redacted dump. */
  readonly words = new Set<string>()
  /** The names that the kernel name of a set is a hash of; of several the first one counts. */
  readonly sets = new Map<string, HashedName[]>()
  /** The policies whose chains end with a digest, `namespace/name`. */
  readonly policiesOfDigest = new Map<string, string[]>()
  /** Those of these digests that are hashes. */
  readonly hashes = new Set<string>()

  /** Notes the parts of names and changes nothing. */
  readonly noting: Renamer = {
    word: word => {
      if (!isKeptWord(word)) this.words.add(word)
      return word
    },
    key: key => {
      if (!isKeptKey(key)) for (const part of key.split('/')) this.noting.word(part)
      return key
    },
    port: name => (isKeptPort(name) ? name : this.noting.word(name)),
  }

  /** Adds a node's name, unless it is `unknown`. */
  addNode(name: string): void {
    if (name !== 'unknown') this.noting.word(name)
  }

  /** @param policy `namespace/name` */
  addPolicy(policy: string): void {
    if (this.policies.has(policy)) return
    this.policies.add(policy)
    const slash = policy.indexOf('/')
    this.addNamespace(policy.slice(0, slash))
    this.noting.word(policy.slice(slash + 1))
  }

  /** Adds a name that a kernel name is the hash of. */
  addSet(kernelName: string, name: HashedName): void {
    const names = this.sets.get(kernelName)
    if (names?.some(each => each.name === name.name)) return
    this.sets.set(kernelName, [...(names ?? []), name])
  }

  /** Notes the parts of the sets' names. Only with all policies and keys is it known where the parts of old names end. */
  noteSets(): void {
    for (const names of this.sets.values()) for (const name of names) renameSet(name, this.noting, this)
  }

  /** Notes what stands for each policy in the names of its chains. */
  notePolicyChains({digestOf, isHashed}: PolicyChainNames): void {
    for (const policy of this.policies)
      for (const scheme of schemes) {
        const digest = digestOf(policy, scheme)
        if (isHashed) this.hashes.add(digest)
        const policies = this.policiesOfDigest.get(digest) ?? []
        if (!policies.includes(policy)) this.policiesOfDigest.set(digest, [...policies, policy])
      }
  }

  /** Adds all names and labels of objects. */
  addObjects({namespaces, pods, policies, nodes, services, endpointSlices}: ClusterObjects): void {
    for (const {metadata} of namespaces) {
      this.addNamespace(metadata.name)
      this.addLabels(metadata.labels)
    }
    for (const {metadata, spec} of pods) {
      this.noting.word(metadata.name)
      this.addNamespace(metadata.namespace ?? 'default')
      this.addLabels(metadata.labels)
      if (spec?.nodeName !== undefined) this.addNode(spec.nodeName)
      for (const {ports = []} of [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])])
        for (const {name} of ports) if (name) this.noting.port(name)
    }
    for (const {metadata, spec} of services ?? []) {
      this.noting.word(metadata.name)
      this.addNamespace(metadata.namespace ?? 'default')
      this.addLabels(spec.selector)
      for (const {name, targetPort} of spec.ports ?? [])
        for (const each of [name, targetPort]) if (typeof each === 'string' && each !== '') this.noting.port(each)
    }
    for (const {metadata, endpoints, ports} of endpointSlices ?? []) {
      this.noting.word(metadata.name)
      this.noting.word(metadata.labels?.[SERVICE_LABEL] ?? metadata.name)
      this.addNamespace(metadata.namespace ?? 'default')
      for (const {targetRef} of endpoints) if (targetRef?.name !== undefined) this.noting.word(targetRef.name)
      for (const {name} of ports) if (name) this.noting.port(name)
    }
    for (const {metadata, status} of nodes) {
      this.addNode(metadata.name)
      this.addLabels(metadata.labels)
      for (const {type, address} of status?.addresses ?? []) if (!type.endsWith('IP')) this.noting.word(address)
    }
    for (const policy of policies) {
      this.addPolicy(objectKey(policy))
      this.addLabels(policy.metadata.labels)
      const {podSelector, ingress = [], egress = []} = policy.spec
      this.addSelector(podSelector)
      const sides = [
        ...ingress.map(({from, ports}) => ({peers: from, ports})),
        ...egress.map(({to, ports}) => ({peers: to, ports})),
      ]
      for (const {peers = [], ports = []} of sides) {
        for (const {port} of ports) if (typeof port === 'string') this.noting.port(port)
        for (const peer of peers) {
          this.addSelector(peer.podSelector)
          this.addSelector(peer.namespaceSelector)
        }
      }
    }
  }

  private addNamespace(name: string): void {
    this.namespaces.add(name)
    this.noting.word(name)
  }

  private addLabels(labels: Labels = {}): void {
    for (const [key, value] of Object.entries(labels)) {
      this.addKey(key)
      this.noting.word(value)
    }
  }

  private addKey(key: string): void {
    this.keys.add(key)
    this.noting.key(key)
  }

  private addSelector({matchLabels, matchExpressions = []}: LabelSelector = {}): void {
    this.addLabels(matchLabels)
    for (const {key, values = []} of matchExpressions) {
      this.addKey(key)
      for (const value of values) this.noting.word(value)
    }
  }
}
