import type {Acl, HnsShape, JsonObject, SetPolicy} from './model.ts'

/** The inverse of `parse.ts`: sets and rules as HNS takes them, with empty fields and the priority 0 left out, as Azure NPM does. */

/** What stands in `Settings` of a set, its members in their order. */
const setSettings = ({id, name, policyType, values, rest}: Omit<SetPolicy, 'position'>): JsonObject => ({
  Id: id,
  ...(name !== undefined && {Name: name}),
  ...(policyType && {PolicyType: policyType}),
  Values: values.join(','),
  ...rest,
})

/** What stands in `Settings` of an access rule, in the order in which Azure NPM writes it. */
export const aclSettings = (acl: Omit<Acl, 'position'>): JsonObject => ({
  ...(acl.id !== undefined && {Id: acl.id}),
  ...(acl.protocols !== undefined && {Protocols: acl.protocols}),
  Action: acl.action,
  Direction: acl.direction,
  ...(acl.localAddresses !== undefined && {LocalAddresses: acl.localAddresses}),
  ...(acl.remoteAddresses !== undefined && {RemoteAddresses: acl.remoteAddresses}),
  ...(acl.localPorts !== undefined && {LocalPorts: acl.localPorts}),
  ...(acl.remotePorts !== undefined && {RemotePorts: acl.remotePorts}),
  ...(acl.ruleType !== undefined && {RuleType: acl.ruleType}),
  ...(acl.priority !== 0 && {Priority: acl.priority}),
  ...acl.rest,
})

/** A policy as an object of a shape lists it. */
const policyIn = (shape: HnsShape, type: string, settings: JsonObject): JsonObject =>
  shape === 'v2' ? {Type: type, Settings: settings} : {...settings, Type: type}

export const setPolicy = (set: Omit<SetPolicy, 'position'>, shape: HnsShape = 'v2'): JsonObject =>
  policyIn(shape, 'SetPolicy', setSettings(set))
export const aclPolicy = (acl: Omit<Acl, 'position'>, shape: HnsShape = 'v2'): JsonObject =>
  policyIn(shape, 'ACL', aclSettings(acl))
