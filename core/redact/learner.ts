import {dataPlanes, linux} from '../dataplanes.ts'
import type {DumpDocument} from '../dump/model.ts'
import {holdsRules, type ReadDocument, readDocument} from '../dump/read-document.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import {expectedNames} from '../names/expected-names.ts'
import {schemes} from '../names/hash.ts'
import {setKernelName, setScheme} from '../names/kernel-name.ts'
import type {Generation} from '../names/name-index.ts'
import type {ChainNames} from '../renaming/chain-names.ts'
import {KeyedHash} from '../renaming/keyed-hash.ts'
import type {NodeNames} from '../renaming/node-names.ts'
import {Vocabulary} from '../renaming/vocabulary.ts'
import {Redaction} from './redaction.ts'

/** How often new names are drawn, until no two of them share a hash by chance. */
const MOST_DRAWS = 20

/** Collects all names of a dump, node by node, so that only one node at a time is in memory. */
export class Learner {
  private readonly vocabulary = new Vocabulary()
  private readonly clusters: ClusterObjects[] = []
  /** Sets of the dump's nodes, with the generations of NPM that may have named them. */
  private readonly met = new Map<string, readonly Generation[]>()

  /** Adds objects of the cluster, whose names occur in sets of every node. */
  addObjects(objects: ClusterObjects): void {
    this.clusters.push(objects)
    this.vocabulary.addObjects(objects)
  }

  /** Adds the names in the documents of one node. */
  async addNode(name: string, documents: readonly DumpDocument[]): Promise<void> {
    this.vocabulary.addNode(name)
    const read: ReadDocument[] = []
    for (const document of documents) read.push(await readDocument(document))
    const cache = read.find(each => each.kind === 'npm-cache')?.cache
    if (cache) {
      this.vocabulary.addObjects(cache.objects)
      if (cache.node !== undefined) this.vocabulary.addNode(cache.node)
    }
    for (const each of read) if (each.kind === 'cluster') this.addObjects(each.objects)
    const ofNode = read.filter(holdsRules)
    const dataPlane = ofNode[0]?.dataPlane ?? linux
    const facts = {
      node: name,
      ...(cache && {cache}),
      metricNames: read.flatMap(each => (each.kind === 'npm-metrics' ? [...each.names] : [])),
      problems: [],
    }
    const contents = ofNode.flatMap(each => (each.dataPlane === dataPlane ? [each.content] : []))
    for (const names of (await dataPlane.redaction()).learn(facts, contents)) this.add(names)
  }

  private add({policies, sets, met, generations}: NodeNames): void {
    for (const policy of policies) this.vocabulary.addPolicy(policy)
    for (const {kernelName, name} of sets) this.vocabulary.addSet(kernelName, name)
    for (const name of met) if ((this.met.get(name)?.length ?? 0) < generations.length) this.met.set(name, generations)
  }

  /**
   * Makes the redaction, once all objects and nodes are added.
   *
   * @param key random bytes, made for this dump and kept nowhere
   */
  async settle(key: Uint8Array): Promise<Redaction> {
    const planes = await Promise.all(dataPlanes.map(async plane => plane.redaction()))
    this.learnFromObjects()
    this.vocabulary.noteSets()
    const chainNames = planes.map(plane => plane.chainNames)
    for (const {policyChains} of chainNames) this.vocabulary.notePolicyChains(policyChains)
    const hash = new KeyedHash(key)
    for (let draw = 0; ; draw++) {
      const redaction = new Redaction(hash.derive(`draw ${draw}`), this.vocabulary, planes)
      if (draw === MOST_DRAWS || this.keepsApart(redaction, chainNames)) return redaction
    }
  }

  /** Adds names of sets that no node has: sets that are compiled from the objects must not collide by chance either. */
  private learnFromObjects(): void {
    const metSchemes = schemes.filter(scheme => [...this.met.keys()].some(name => setScheme(name) === scheme))
    const generations = new Set([...this.met.values()].flat())
    for (const objects of this.clusters)
      for (const scheme of metSchemes)
        for (const generation of generations)
          for (const {name, policy} of expectedNames(objects, generation, scheme)) {
            const kernelName = setKernelName(name, scheme)
            this.vocabulary.addSet(kernelName, {name, generation, scheme, ...(policy !== undefined && {policy})})
          }
  }

  /** Whether sets and chains with different names have different new names. */
  private keepsApart({names}: Redaction, planes: readonly ChainNames[]): boolean {
    const {sets, policiesOfDigest} = this.vocabulary
    const chains = planes.flatMap(({policyChains}) =>
      [...policiesOfDigest.keys()].map(digest => names.chain(policyChains.print(digest, 'Ingress'))),
    )
    if (new Set(chains).size < chains.length) return false
    const kernelNames = new Set([...this.met.keys(), ...sets.keys()])
    return new Set([...kernelNames].map(name => names.set(name))).size === kernelNames.size
  }
}
