import {Flags} from '@oclif/core'
import {FORWARD_CHAIN, SERVICES_CHAIN} from '../core/dataplanes.ts'
import {type Scheme, schemes} from '../core/names/hash.ts'
import type {Generation} from '../core/names/name-index.ts'
import {type CompileOptions, type Semantics, semantics} from '../core/policy/program.ts'
import {CURRENT, type Release, readRelease} from '../core/policy/release.ts'
import {InputError} from '../core/problem/input-error.ts'

/** Whose program is compiled. */
export const compileFlags = {
  node: Flags.string({
    summary: 'Whose program; only NPM Lite programs nodes differently. May be given several times',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'NAME',
  }),
  release: Flags.string({
    summary: 'As this release of Azure NPM programs, for example v1.4.23; by default as those of today do',
    helpValue: 'VERSION',
  }),
  generation: Flags.string({
    summary: 'NPM v1 or NPM v2; by default what the release is without settings, which is v2 since v1.4.20',
    options: ['v1', 'v2'],
  }),
  scheme: Flags.string({
    summary:
      'How names are hashed: sha256 since Azure NPM 1.6.46 and 1.8.12, fnv32a before and in 1.7; by default as the release does',
    options: schemes,
  }),
  semantics: Flags.string({
    summary: "Azure NPM's meaning of a policy, faults included, or that of the Kubernetes API",
    options: semantics,
    default: 'npm',
  }),
  lite: Flags.boolean({
    summary: 'As NPM Lite: pods of --node only, peers are blocks only',
    default: false,
  }),
  'on-need': Flags.boolean({summary: 'Only sets that policies use (ApplyIPSetsOnNeed)', default: false}),
  'chain-first': Flags.boolean({
    summary: `The jump is the first rule of ${FORWARD_CHAIN}, not the one after ${SERVICES_CHAIN} (PlaceAzureChainFirst)`,
    default: false,
  }),
}

interface CompileFlags {
  readonly node: readonly string[] | undefined
  readonly release: string | undefined
  readonly generation: string | undefined
  readonly scheme: string | undefined
  readonly semantics: string
  readonly lite: boolean
  readonly 'on-need': boolean
  readonly 'chain-first': boolean
}

/** As which Azure NPM programs, for verbs that foretell it. */
export const releaseFlag = Flags.string({
  summary: 'Without rules of a node: as this release of Azure NPM programs, for example v1.4.23; by default as those of today do',
  helpValue: 'VERSION',
})

/**
 * How a release programs with its default settings.
 *
 * @returns undefined without a release
 * @throws InputError for a release whose rules are not known
 */
export const releaseOptions = (release: string | undefined): CompileOptions | undefined =>
  release === undefined
    ? undefined
    : compileOptionsFrom({
        release,
        node: undefined,
        generation: undefined,
        scheme: undefined,
        semantics: 'npm',
        lite: false,
        'on-need': false,
        'chain-first': false,
      })

/** @throws InputError for flags that do not go together */
export function compileOptionsFrom(flags: CompileFlags): CompileOptions {
  const release = releaseFrom(flags.release)
  const generation = generationFrom(flags, release)
  refuseUnfit(flags, generation, release)
  const line = release?.line === CURRENT ? undefined : release?.line
  return {
    scheme: (flags.scheme as Scheme | undefined) ?? release?.scheme ?? 'sha256',
    semantics: flags.semantics as Semantics,
    isLite: flags.lite,
    isOnNeed: flags['on-need'],
    isChainFirst: flags['chain-first'],
    ...(generation === 'v1' && {generation}),
    ...(line !== undefined && {release: line}),
    ...(flags.lite && release?.losesLiteBlocks && {losesLiteBlocks: true}),
    ...(flags.node?.[0] !== undefined && {node: flags.node[0]}),
  }
}

/**
 * The same for each node that is named, or once without one.
 *
 * @throws InputError for flags that do not go together
 */
export function compileOptionsOfNodes(flags: CompileFlags): CompileOptions[] {
  const options = compileOptionsFrom(flags)
  return flags.node === undefined ? [options] : [...new Set(flags.node)].map(node => ({...options, node}))
}

/**
 * The release that `--release` names.
 *
 * @throws InputError for one whose rules are not known
 */
export function releaseFrom(text: string | undefined): Release | undefined {
  if (text === undefined) return undefined
  const release = readRelease(text)
  if (release) return release
  throw new InputError(
    `--release ${text}: no release of Azure NPM whose rules are known`,
    'Those from v1.2.8 on are; give it as v1.4.23.',
  )
}

function generationFrom({generation, release: text}: CompileFlags, release: Release | undefined): Generation {
  if (generation === 'v2' && release && !release.hasV2)
    throw new InputError(`--release ${text} has no NPM v2`, 'The second generation is there since v1.4.15.')
  return (generation as Generation | undefined) ?? release?.generation ?? 'v2'
}

function refuseUnfit(flags: CompileFlags, generation: Generation, release: Release | undefined): void {
  if (flags.lite && flags.node === undefined)
    throw new InputError('--lite needs --node NAME', "NPM Lite's sets hold the pods of one node.")
  if (flags.lite && flags.semantics === 'kubernetes')
    throw new InputError('--lite does not go with --semantics kubernetes', 'NPM Lite cannot enforce all that the API says.')
  if (flags.lite && release && !release.hasLite)
    throw new InputError(`--release ${flags.release} has no NPM Lite`, 'It is there since v1.6.12.')
  if (release && flags.scheme !== undefined && flags.scheme !== release.scheme)
    throw new InputError(
      `--release ${flags.release} does not hash names by ${flags.scheme}`,
      `It does by ${release.scheme}; leave --scheme out.`,
    )
  if (flags.semantics === 'kubernetes' && (generation === 'v1' || (release && release.line !== CURRENT)))
    throw new InputError(
      '--semantics kubernetes is compiled for the Azure NPM of today only',
      "Leave --release and --generation out: no release has the API's meaning.",
    )
  if (generation === 'v1' && (flags.lite || flags['on-need']))
    throw new InputError(`NPM v1 has no ${flags.lite ? '--lite' : '--on-need'}`, 'Leave it out, or give --generation v2.')
}
