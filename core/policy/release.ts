import type {Scheme} from '../names/hash.ts'

/**
 * Lines of Azure NPM releases that program the same from the same objects, named by their first release, oldest first. The hash of
 * names is separate (`Scheme`): it changed in 1.6.46 and 1.8.12 only.
 */
export const releaseLines = ['v1.2.8', 'v1.4.16', 'v1.4.17', 'v1.4.21', 'v1.4.24', 'v1.4.27', 'v1.4.41', 'v1.5.17'] as const
export type ReleaseLine = (typeof releaseLines)[number]

/** The last release of each line, except of the current one. */
const lastReleases: Readonly<Partial<Record<ReleaseLine, string>>> = {
  'v1.2.8': 'v1.4.15',
  'v1.4.16': 'v1.4.16',
  'v1.4.17': 'v1.4.20',
  'v1.4.21': 'v1.4.23',
  'v1.4.24': 'v1.4.26',
  'v1.4.27': 'v1.4.40',
  'v1.4.41': 'v1.5.16',
}

/** The last release of a line, `v1.4.15`; undefined for the current line. */
export const lastOf = (line: ReleaseLine): string | undefined => lastReleases[line]

/** The current line, since 1.5.17. */
export const CURRENT: ReleaseLine = 'v1.5.17'

/** How lines of releases differ in translating policies. Source: sections 2, 4.6 and 8.2 of NPM's data plane. */
export interface ReleaseFacts {
  /** Whether each policy has its own list for several values of a label. */
  readonly hasPolicyInNestedNames: boolean
  /** Whether each block of a rule has its own set. */
  readonly hasPeerInBlockNames: boolean
  /** Whether a policy is refused if a selector has a value that no label can have. */
  readonly checksLabelValues: boolean
  /** Whether a policy is refused for a block that no set of IPv4 can hold. Known of v1.4.42; v1.4.41 is taken to be like it. */
  readonly checksBlocks: boolean
  /** Whether a rule without conditions replaces all others of its direction. Older releases ignored it beside other rules. */
  readonly obeysOpenRules: boolean
}

/** Whether a line is `first` or a later one. */
export const isSince = (line: ReleaseLine, first: ReleaseLine): boolean =>
  releaseLines.indexOf(line) >= releaseLines.indexOf(first)

const factsOf = (line: ReleaseLine): ReleaseFacts => ({
  hasPolicyInNestedNames: isSince(line, 'v1.4.27'),
  hasPeerInBlockNames: isSince(line, 'v1.4.21'),
  checksLabelValues: isSince(line, 'v1.4.41'),
  checksBlocks: isSince(line, 'v1.4.41'),
  obeysOpenRules: isSince(line, 'v1.5.17'),
})

const facts = new Map(releaseLines.map(line => [line, factsOf(line)]))

/** How a line translates policies; by default the current line. */
export const releaseFacts = (line: ReleaseLine = CURRENT): ReleaseFacts => facts.get(line) as ReleaseFacts

/** What a release programs with its default settings. */
export interface Release {
  readonly line: ReleaseLine
  readonly scheme: Scheme
  readonly generation: 'v1' | 'v2'
  /** Whether it contains the second generation, even if that is not the default. */
  readonly hasV2: boolean
  readonly hasLite: boolean
  /** Whether NPM Lite passes blocks to a component that Linux does not have, so that the rule allows every address. */
  readonly losesLiteBlocks: boolean
}

type Version = readonly [minor: number, patch: number]

const isBefore = ([minor, patch]: Version, other: Version): boolean =>
  minor < other[0] || (minor === other[0] && patch < other[1])

/**
 * Reads the version of an Azure NPM release.
 *
 * @param text `v1.4.23`, with or without the v
 * @returns undefined when it is no release of Azure NPM, or one before 1.2.8, whose rules are not known here
 */
export function readRelease(text: string): Release | undefined {
  const parts = /^v?1\.(\d{1,3})\.(\d{1,4})$/.exec(text)
  if (!parts) return undefined
  const version: Version = [Number(parts[1]), Number(parts[2])]
  const line = releaseLines.findLast(first => !isBefore(version, versionOf(first)))
  if (!line) return undefined
  return {
    line,
    scheme: hasLongNames(version) ? 'sha256' : 'fnv32a',
    generation: isBefore(version, [4, 20]) ? 'v1' : 'v2',
    hasV2: !isBefore(version, [4, 15]),
    hasLite: !isBefore(version, [6, 12]),
    losesLiteBlocks: losesLiteBlocks(version),
  }
}

function versionOf(line: ReleaseLine): Version {
  const [, minor, patch] = line.slice(1).split('.').map(Number)
  return [minor ?? 0, patch ?? 0]
}

/** The change was made on the 1.6 and 1.8 branches. The 1.7 branch never got it. */
const hasLongNames = ([minor, patch]: Version): boolean =>
  minor > 8 || (minor === 8 && patch >= 12) || (minor === 6 && patch >= 46)

/** Source: section 7.6 of NPM's data plane. */
const losesLiteBlocks = ([minor, patch]: Version): boolean =>
  (minor === 6 && patch >= 36) || (minor === 7 && patch >= 11) || (minor === 8 && patch < 12)
