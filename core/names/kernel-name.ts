import {fnv1a32, type Scheme, sha256Integer} from './hash.ts'

export type Direction = 'Ingress' | 'Egress'

const SET_PREFIX = 'azure-npm-'
const SET_DIGITS = 20

/**
 * The ipset name Azure NPM gives a set.
 *
 * @param name the prefixed name, for example `podlabel-app:web` (NPM v1: the name without a prefix, `app:web`)
 * @returns `azure-npm-` and the hash: decimal without padding, or the first 20 characters of the base-36 SHA-256,
 *   whose leading zeros are dropped before cutting
 */
export function setKernelName(name: string, scheme: Scheme): string {
  if (scheme === 'fnv32a') return SET_PREFIX + fnv1a32(name)
  return SET_PREFIX + sha256Integer(name).toString(36).padStart(SET_DIGITS, '0').slice(0, SET_DIGITS)
}

/** The name of the set of a hash, which may be no set's. */
export const kernelNameOfHash = (hash: string): string => SET_PREFIX + hash

const DECIMAL_SET = /^azure-npm-\d{1,10}$/

/** Called several times for each rule. The loop takes a third of the time of a regular expression. */
function isBase36Set(kernelName: string): boolean {
  for (let at = SET_PREFIX.length; at < kernelName.length; at++) {
    const code = kernelName.charCodeAt(at)
    // 0–9, a–z
    if (code < 48 || code > 122 || (code > 57 && code < 97)) return false
  }
  return kernelName.startsWith(SET_PREFIX)
}

/** The scheme that a set's kernel name has the form of; undefined when it is no set name of Azure NPM. */
export function setScheme(kernelName: string): Scheme | undefined {
  if (kernelName.length === SET_PREFIX.length + SET_DIGITS) return isBase36Set(kernelName) ? 'sha256' : undefined
  return DECIMAL_SET.test(kernelName) ? 'fnv32a' : undefined
}

/** The scheme of a name that is known to be a set's name of Azure NPM: they differ in length. */
export const schemeOfSet = (setName: string): Scheme => (setName.length === SET_PREFIX.length + SET_DIGITS ? 'sha256' : 'fnv32a')

/** Whether a kernel name has the form of an Azure NPM set in either scheme. */
export const isSetName = (kernelName: string): boolean => setScheme(kernelName) !== undefined
