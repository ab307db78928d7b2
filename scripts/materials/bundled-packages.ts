import {readFileSync} from 'node:fs'
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import packageFacts from '../../package.json' with {type: 'json'}

/** A library of which something went into the bundle. */
export interface BundledPackage {
  readonly name: string
  readonly version: string
  /** As SPDX names it. */
  readonly license: string
  readonly licenseText: string
  /** Of its tarball, in hexadecimal digits; undefined where package-lock.json does not say. */
  readonly sha512?: string
}

/** One part of a CycloneDX document. */
export interface Component {
  readonly type: string
  readonly name: string
  readonly version: string
  readonly purl?: string
  readonly cpe?: string
  readonly [other: string]: unknown
}

/** A list of what a program is made of. Source: the JSON schema of CycloneDX 1.6. */
export interface BillOfMaterials {
  readonly bomFormat: 'CycloneDX'
  readonly specVersion: '1.6'
  readonly version: 1
  readonly metadata: {readonly component: Component}
  readonly components: readonly Component[]
}

/**
 * Each version of each library once.
 *
 * @param modules ids of modules as rolldown gives them: paths
 */
export async function bundledPackages(modules: ReadonlySet<string>): Promise<BundledPackage[]> {
  const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
    packages: Readonly<Record<string, {integrity?: string}>>
  }
  const folders = new Set([...modules].flatMap(id => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? []))
  const packages = await Promise.all(
    [...folders].toSorted().map(async folder => {
      const {name, version, license} = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
      const place = folder.slice(folder.indexOf('node_modules/'))
      const sha512 = hexDigits(lock.packages[place]?.integrity)
      return {name, version, license, licenseText: await licenseText(folder), ...(sha512 !== undefined && {sha512})}
    }),
  )
  // npm installs a version several times where packages between need another one.
  return [...new Map(packages.map(each => [`${each.name}@${each.version}`, each])).values()]
}

export const licenseTexts = (packages: readonly BundledPackage[]): string =>
  packages
    .map(({name, version, license, licenseText}) => `${name} ${version} (${license})\n\n${licenseText}`)
    .join(`\n${'-'.repeat(72)}\n\n`)

/** Without a time and a number of its own: the same bundle has the same list. */
export function billOfMaterials(packages: readonly BundledPackage[]): BillOfMaterials {
  const {name, version, license} = packageFacts
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {component: {type: 'application', ...identity(name, version), ...licensed(license)}},
    components: packages.map(each => ({
      type: 'library',
      ...identity(each.name, each.version),
      ...licensed(each.license),
      ...(each.sha512 !== undefined && {hashes: [{alg: 'SHA-512', content: each.sha512}]}),
    })),
  }
}

/** Source: the package URL specification, type npm: the `@` of a scope is written `%40`. */
export function identity(name: string, version: string): {'bom-ref': string; name: string; version: string; purl: string} {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
  return {'bom-ref': purl, name, version, purl}
}

/** CycloneDX tells one licence from an expression of several. */
export const licensed = (license: string) => ({licenses: [/\s/.test(license) ? {expression: license} : {license: {id: license}}]})

/** @param integrity `sha512-…` in base64 */
export const hexDigits = (integrity: string | undefined): string | undefined =>
  integrity?.startsWith('sha512-') === true ? Buffer.from(integrity.slice(7), 'base64').toString('hex') : undefined

async function licenseText(folder: string): Promise<string> {
  for (const file of ['LICENSE', 'LICENSE.md', 'license', 'LICENSE.txt', 'license.md'])
    try {
      return await readFile(join(folder, file), 'utf8')
    } catch {
      // Packages spell it in many ways; the next one may be right.
    }
  return `No licence file came with the package ${folder.split('/node_modules/').at(-1)}.\n`
}
