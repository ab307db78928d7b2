import {setScheme} from '../names/kernel-name.ts'
import type {FreeText} from '../renaming/free-text.ts'
import type {KernelNames} from '../renaming/kernel-names.ts'
import type {Objects} from '../renaming/objects.ts'
import type {Renamer} from '../renaming/renamer.ts'

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const mapEntries = (value: unknown, rename: (key: string, value: unknown) => readonly [string, unknown][]): Fields =>
  Object.fromEntries(Object.entries(isFields(value) ? value : {}).flatMap(([key, each]) => rename(key, each)))

/** Rewrites Azure NPM's debug cache. Only the parts that are understood are kept. */
export class CacheText {
  private readonly objects: Objects
  private readonly names: KernelNames
  private readonly freeText: FreeText
  private readonly renamer: Renamer

  constructor(objects: Objects, names: KernelNames, freeText: FreeText, renamer: Renamer) {
    this.objects = objects
    this.names = names
    this.freeText = freeText
    this.renamer = renamer
  }

  /** @param cache the cache as parsed from JSON, of either generation */
  rewrite(cache: Fields): Fields {
    const isV1 = 'ListMap' in cache
    const rewritten: Record<string, unknown> = {}
    if (typeof cache['NodeName'] === 'string') rewritten['NodeName'] = this.renamer.word(cache['NodeName'])
    if ('NsMap' in cache) rewritten['NsMap'] = mapEntries(cache['NsMap'], (key, each) => this.namespace(key, each, isV1))
    if ('PodMap' in cache) rewritten['PodMap'] = mapEntries(cache['PodMap'], (key, each) => this.pod(key, each))
    for (const map of ['SetMap', 'ListMap'])
      if (map in cache) rewritten[map] = mapEntries(cache[map], (key, each) => this.set(key, each, isV1))
    return rewritten
  }

  private namespace(key: string, value: unknown, isV1: boolean): [string, unknown][] {
    if (!isFields(value)) return []
    const prefix = isV1 && key.startsWith('ns-') ? 'ns-' : ''
    const name = prefix + this.renamer.word(key.slice(prefix.length))
    return [[name, {...(typeof value['Name'] === 'string' && {Name: name}), LabelsMap: this.labels(value['LabelsMap'])}]]
  }

  private pod(key: string, value: unknown): [string, unknown][] {
    if (!isFields(value)) return []
    const rewritten: Record<string, unknown> = {}
    for (const field of ['Name', 'Namespace'])
      if (typeof value[field] === 'string') rewritten[field] = this.renamer.word(value[field])
    if (typeof value['PodIP'] === 'string') rewritten['PodIP'] = this.objects.address(value['PodIP'])
    rewritten['Labels'] = this.labels(value['Labels'])
    if (Array.isArray(value['ContainerPorts']))
      rewritten['ContainerPorts'] = value['ContainerPorts'].filter(isFields).flatMap(({name, containerPort, protocol}) => {
        if (typeof containerPort !== 'number') return []
        const port = {containerPort, ...(typeof name === 'string' && {name}), ...(typeof protocol === 'string' && {protocol})}
        return [this.objects.containerPort(port)]
      })
    if (typeof value['Phase'] === 'string' && /^[A-Z][a-z]{4,9}$/.test(value['Phase'])) rewritten['Phase'] = value['Phase']
    return [[key.split('/').map(this.renamer.word).join('/'), rewritten]]
  }

  private labels(value: unknown): Record<string, string> {
    const labels = Object.entries(isFields(value) ? value : {})
    return this.objects.labels(Object.fromEntries(labels.filter((each): each is [string, string] => typeof each[1] === 'string')))
  }

  /** An entry of a map of sets: from kernel name to name, or in the oldest releases from name to set. */
  private set(key: string, value: unknown, isV1: boolean): [string, unknown][] {
    if (typeof value !== 'string') return [[this.setName('', key, true), {}]]
    return setScheme(key) === undefined ? [] : [[this.names.set(key), this.setName(key, value, isV1)]]
  }

  private setName(kernelName: string, name: string, isV1: boolean): string {
    const known = this.names.namesOf(kernelName).find(each => each.name === name)
    if (known) return this.names.renameSet(known)
    return isV1 ? this.freeText.v1SetName(name) : this.freeText.setName(name)
  }
}
