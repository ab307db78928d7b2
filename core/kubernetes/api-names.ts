/** Rules for names that the API server holds objects to. Source: k8s.io/apimachinery, util/validation. */

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const DNS_LABEL = new RegExp(`^${LABEL}$`)
const DNS_SUBDOMAIN = new RegExp(`^${LABEL}(\\.${LABEL})*$`)
const NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/

const isDnsLabel = (text: string): boolean => text.length <= 63 && DNS_LABEL.test(text)
const isDnsSubdomain = (text: string): boolean => text.length <= 253 && DNS_SUBDOMAIN.test(text)

/** Why a text is no name of an object; undefined when it is one. */
export const objectNameFault = (text: string): string | undefined =>
  isDnsSubdomain(text)
    ? undefined
    : `"${text}" is no name: at most 253 small letters, digits, dashes and dots, each part between dots with a letter or digit at both ends`

/** Why a text is no beginning of a generated name; undefined when it is one. Letters are added, so it may end in a dash. */
export const namePrefixFault = (text: string): string | undefined =>
  objectNameFault(text.endsWith('-') ? `${text.slice(0, -1)}a` : text)

/** Why a text is no name of a namespace; undefined when it is one. */
export const namespaceNameFault = (text: string): string | undefined =>
  isDnsLabel(text)
    ? undefined
    : `"${text}" is no name of a namespace: at most 63 small letters, digits and dashes, a letter or digit at both ends`

/** Why a text is no key of a label, with or without a domain; undefined when it is one. */
export function labelKeyFault(text: string): string | undefined {
  const parts = text.split('/')
  const name = parts.at(-1) ?? ''
  const isKey =
    parts.length <= 2 && name.length <= 63 && NAME.test(name) && (parts.length === 1 || isDnsSubdomain(parts[0] as string))
  if (isKey) return undefined
  return `"${text}" is no key of a label: at most 63 letters, digits, dashes, underscores and dots, a letter or digit at both ends, perhaps behind a domain and a slash`
}

/** Why a text is no value of a label; undefined when it is one. */
export const labelValueFault = (text: string): string | undefined =>
  text === '' || (text.length <= 63 && NAME.test(text))
    ? undefined
    : `"${text}" is no value of a label: at most 63 letters, digits, dashes, underscores and dots, a letter or digit at both ends`

/** Why a text is no name of a port; undefined when it is one. */
export function portNameFault(text: string): string | undefined {
  const isName = text.length <= 15 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(text) && /[a-z]/.test(text)
  if (isName) return undefined
  if (/^\d+$/.test(text)) return `"${text}" is text, and a port's name has a letter; write the number without quotes`
  return `"${text}" is no name of a port: at most 15 small letters, digits and single dashes, at least one letter, no dash at an end`
}

/** Why a number is no port; undefined when it is one. */
export const portNumberFault = (port: number): string | undefined =>
  port >= 1 && port <= 65535 ? undefined : `${port} is no port: they go from 1 to 65535`
