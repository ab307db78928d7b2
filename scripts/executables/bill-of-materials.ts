import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {type BillOfMaterials, type Component, hexDigits, identity, licensed} from '../materials/bundled-packages.ts'
import {runtimes} from '../platforms/runtimes.ts'
import type {Platform} from './platforms.ts'

/**
 * What an executable is made of, as CycloneDX: the libraries of the bundle, and Node.
 *
 * @param bundle as `makeBundle` makes it
 * @returns JSON
 */
export async function executableBill({runtime}: Platform, bundle: string): Promise<string> {
  const bill = JSON.parse(await readFile(join(bundle, 'sbom.cdx.json'), 'utf8')) as BillOfMaterials
  const {name, version, integrity} = runtimes[runtime]
  const node: Component = {
    type: 'application',
    ...identity(name, version),
    // Advisories name Node so, and not the package that it comes in.
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    ...licensed('MIT'),
    hashes: [{alg: 'SHA-512', content: hexDigits(integrity)}],
  }
  return `${JSON.stringify({...bill, components: [...bill.components, node]}, undefined, 2)}\n`
}
