import type {Addresses} from '../../renaming/addresses.ts'
import type {KernelNames} from '../../renaming/kernel-names.ts'
import type {Renamer} from '../../renaming/renamer.ts'
import type {Renaming} from '../../renaming/renaming.ts'
import {isLiteral} from '../hns/conditions.ts'
import {hnsKind, isObject, listIn, WRAPPERS} from '../hns/documents.ts'
import {type JsonObject, plainGuid} from '../hns/model.ts'
import {AclIds} from './acl-ids.ts'
import {isKnownNetwork, POLICY_TYPES, SetNames} from './set-names.ts'

type Rewrite = (text: string) => string

/** What takes the place of a text that may hold anything. */
const REDACTED = 'redacted'

const oneOf =
  (...values: readonly string[]): Rewrite =>
  text =>
    values.find(value => value.toLowerCase() === text.toLowerCase()) === undefined ? REDACTED : text
const matching =
  (shape: RegExp): Rewrite =>
  text =>
    shape.test(text) ? text : REDACTED

/**
 * Rewrites HNS objects. Only members that answers depend on are kept, as others may hold anything; lists keep their order and length,
 * because places count in them.
 */
export class HnsText {
  private readonly addresses: Addresses
  private readonly names: KernelNames
  private readonly renamer: Renamer
  private readonly sets: SetNames
  private readonly acls: AclIds

  constructor({addresses, names, words, freeText}: Renaming) {
    this.addresses = addresses
    this.names = names
    this.renamer = words.renamer
    this.sets = new SetNames(names, freeText)
    this.acls = new AclIds(names, words.renamer)
  }

  /** Rewrites parsed JSON: an object, a list, or what holds some. */
  rewrite(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(each => this.rewrite(each))
    switch (hnsKind(value)) {
      case 'network':
        return this.network(value as JsonObject)
      case 'endpoint':
        return this.endpoint(value as JsonObject)
      case 'loadBalancer':
        return {...this.fields(value as JsonObject, {ID: this.guid, Id: this.guid}), References: []}
      case 'policy':
        return this.policy(value)
      case 'wrapper':
        return this.wrapper(value as JsonObject)
      case undefined:
        return value === null ? null : {}
    }
  }

  private readonly guid: Rewrite = text => this.renamer.word(plainGuid(text))
  private readonly word: Rewrite = text => this.renamer.word(text)
  private readonly address: Rewrite = text => this.addresses.map(text) ?? (text === '' ? '' : REDACTED)
  private readonly networkName: Rewrite = text => (isKnownNetwork(text) ? text : this.renamer.word(text))

  private wrapper(wrapper: JsonObject): JsonObject {
    const guids = (value: unknown): unknown =>
      Array.isArray(value) ? value.map(guids) : typeof value === 'string' ? this.guid(value) : null
    const {states, queryResults} = wrapper
    return {
      ...this.fields(wrapper, {}, ['Success']),
      ...(listIn(wrapper) && {hns: listIn(wrapper)}),
      ...Object.fromEntries(WRAPPERS.flatMap(key => (key in wrapper ? [[key, this.rewrite(wrapper[key])]] : []))),
      ...(isObject(queryResults) && {
        queryResults: Object.fromEntries(
          ['attached', 'attachedSharing'].flatMap(key => (key in queryResults ? [[key, guids(queryResults[key])]] : [])),
        ),
      }),
      ...(isObject(states) && {
        states: Object.fromEntries(
          Object.entries(states).flatMap(([id, state]) => (plain(state) ? [[this.guid(id), state]] : [])),
        ),
      }),
      ...('unread' in wrapper && {unread: guids(wrapper['unread'])}),
    }
  }

  private network(source: JsonObject): JsonObject {
    return {
      ...this.fields(
        source,
        {ID: this.guid, Id: this.guid, Name: this.networkName, ManagementIP: this.address, Type: matching(/^[A-Za-z0-9]{1,20}$/)},
        ['Version', 'Flags', 'State', 'CurrentEndpointCount', 'TotalEndpoints'],
      ),
      ...this.shape(source),
      ...kept(source, ['Ipams', 'Subnets', 'MacPools'], []),
      ...kept(source, ['MacPool'], {}),
      ...('NatName' in source && {NatName: ''}),
    }
  }

  private endpoint(source: JsonObject): JsonObject {
    const {IpConfigurations: all} = source
    const configuration = (value: unknown): unknown =>
      isObject(value) ? this.fields(value, {IpAddress: this.address}, ['PrefixLength']) : {}
    return {
      ...this.fields(
        source,
        {
          ID: this.guid,
          Id: this.guid,
          Name: this.word,
          HostComputeNetwork: this.guid,
          VirtualNetwork: this.guid,
          VirtualNetworkName: this.networkName,
          IPAddress: this.address,
        },
        ['Version', 'Flags', 'State', 'IsRemoteEndpoint', 'PrefixLength'],
      ),
      ...this.shape(source),
      ...(all !== undefined && {IpConfigurations: Array.isArray(all) ? all.map(configuration) : configuration(all)}),
      ...kept(source, ['SharedContainers'], []),
      ...('MacAddress' in source && {MacAddress: ''}),
    }
  }

  /** What tells the shape of an object, and its policies. */
  private shape({SchemaVersion: version, Policies: policies}: JsonObject): JsonObject {
    return {
      ...(version !== undefined && {
        SchemaVersion: isObject(version) ? this.fields(version, {}, ['Major', 'Minor']) : {},
      }),
      ...(policies !== undefined && {
        Policies: Array.isArray(policies)
          ? policies.map(each => this.policy(each))
          : policies === null
            ? null
            : this.policy(policies),
      }),
    }
  }

  /** A policy of a network or endpoint. One that is cut to text stays one. */
  private policy(policy: unknown): unknown {
    if (!isObject(policy)) return typeof policy === 'string' ? REDACTED : null
    const {Type: type, Settings: settings} = policy
    if (typeof type !== 'string') return {}
    const known = {Type: POLICY_TYPES.has(type) || type.toLowerCase() === 'setpolicy' ? type : REDACTED}
    if (settings !== undefined) return {...known, Settings: isObject(settings) ? this.settings(type, settings) : REDACTED}
    return {...this.settings(type, policy), ...known}
  }

  private settings(type: string, settings: JsonObject): JsonObject {
    if (type === 'ACL') return this.acl(settings)
    const isSet = type.toLowerCase() === 'setpolicy' || ('PolicyType' in settings && 'Values' in settings)
    return isSet ? this.set(settings) : {}
  }

  private set(settings: JsonObject): JsonObject {
    const {Id: id} = settings
    return this.fields(settings, {
      Id: text => this.names.set(text),
      Name: text => this.sets.rename(text, typeof id === 'string' ? id : ''),
      PolicyType: oneOf('IPSET', 'NESTEDIPSET'),
      Values: text => this.items(text),
    })
  }

  private acl(settings: JsonObject): JsonObject {
    const addresses: Rewrite = text => this.items(text)
    const numbers = matching(/^[\d,\s-]*$/)
    return this.fields(
      settings,
      {
        Id: text => this.acls.rename(text),
        Action: oneOf('Allow', 'Block', 'Pass'),
        Direction: oneOf('In', 'Out'),
        Protocols: numbers,
        Protocol: numbers,
        LocalAddresses: addresses,
        RemoteAddresses: addresses,
        LocalPorts: numbers,
        LocalPort: numbers,
        RemotePorts: numbers,
        RemotePort: numbers,
        RuleType: oneOf('Switch', 'Host'),
      },
      ['Priority', 'Scope'],
    )
  }

  /** Addresses, blocks and ids of sets, joined by commas. */
  private items(text: string): string {
    return text
      .split(',')
      .map(item => {
        const plain = item.trim()
        if (plain === '') return item
        const address = this.addresses.map(plain)
        if (address !== undefined || isLiteral(plain)) return address ?? REDACTED
        const id = this.names.set(plain)
        return isLiteral(id) ? `set-${id}` : id
      })
      .join(',')
  }

  /**
   * The members of an object that are kept.
   *
   * @param texts how texts are rewritten
   * @param others of which only numbers and truth values are kept
   */
  private fields(source: JsonObject, texts: Readonly<Record<string, Rewrite>>, others: readonly string[] = []): JsonObject {
    const entries = Object.entries(source).flatMap(([key, value]): [string, unknown][] => {
      const rewrite = Object.hasOwn(texts, key) ? texts[key] : undefined
      if (!rewrite && !others.includes(key)) return []
      if (typeof value === 'string') return [[key, rewrite ? rewrite(value) : REDACTED]]
      return [[key, plain(value) ? value : {}]]
    })
    return Object.fromEntries(entries)
  }
}

const plain = (value: unknown): boolean => value === null || typeof value === 'number' || typeof value === 'boolean'

/** Members by which an object is recognised, with nothing in them. */
const kept = (source: JsonObject, keys: readonly string[], empty: unknown): JsonObject =>
  Object.fromEntries(keys.flatMap(key => (key in source ? [[key, empty]] : [])))
