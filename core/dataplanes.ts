import type {DataPlane} from './dataplane/dataplane.ts'
import type {PolicyCompiler} from './dataplane/policy-compiler.ts'
import type {Node} from './kubernetes/objects.ts'
import {linux} from './linux/dataplane.ts'
import {windows} from './windows/dataplane.ts'

/** The data planes there are, and which one a document is of. The only place that knows more than the interface. */

// Words for people: help and headings say how packets get to Azure NPM on Linux.
export {FORWARD_CHAIN, NPM_CHAIN, SERVICES_CHAIN} from './linux/npm/chain-names.ts'
export {linux}

/** What compiles policies for each operating system, the usual one first. */
export const policyCompilers: readonly [PolicyCompiler, ...PolicyCompiler[]] = [linux.policyCompiler, windows.policyCompiler]

export const dataPlanes: readonly DataPlane[] = [linux, windows]

/** The data plane whose rules or sets a kind of document holds; undefined for what belongs to none, as Kubernetes objects. */
export const dataPlaneOfKind = (kind: string): DataPlane | undefined =>
  dataPlanes.find(({documentKinds}) => documentKinds.has(kind))

/** The data plane of a node, by what its object says of its operating system; undefined when that says nothing. */
export const dataPlaneOfNode = (node: Node | undefined): DataPlane | undefined =>
  dataPlanes.find(({name}) => name === node?.metadata.labels?.['kubernetes.io/os'])

/** The data plane of a JSON document; undefined for one that belongs to none. */
export const dataPlaneOfJson = (value: unknown): DataPlane | undefined => dataPlanes.find(({json}) => json?.holds(value))
