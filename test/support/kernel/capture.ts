import {readFile} from 'node:fs/promises'
import {program, type Variant} from '../programs/program.ts'
import {listSets, loadRules, loadSets, saveRules, saveSets} from './load.ts'
import type {Namespace} from './namespace.ts'
import {normalList, normalRules, normalSets} from './normal.ts'
import type {Backend} from './tools.ts'

/** One folder below `captures`. */
export interface Capture {
  readonly name: string
  readonly variant: Variant
  readonly backend: Backend
}

const capture = (variant: Variant, backend: Backend): Capture => ({name: `${variant}-${backend}`, variant, backend})

export const captures: readonly Capture[] = [
  capture('v2-decimal', 'nft'),
  capture('v2-decimal', 'legacy'),
  capture('v2-base36', 'nft'),
  capture('v2-base36', 'legacy'),
  capture('v1', 'nft'),
  capture('v1', 'legacy'),
  capture('mixed', 'nft'),
  capture('inactive', 'nft'),
  capture('empty', 'nft'),
]

const asItIs = (text: string): string => text

/** The files of a capture, each with what makes two runs comparable. */
export const captureFiles = {
  'iptables-save.txt': normalRules,
  'ipset-save.txt': normalSets,
  'ipset-list.txt': normalList,
  'cluster.yaml': asItIs,
} as const
export type CaptureFile = keyof typeof captureFiles
export const captureFileNames = Object.keys(captureFiles) as CaptureFile[]

/** Loads the program of a capture into an empty namespace and reads back what the kernel holds. */
export async function takeCapture(namespace: Namespace, {variant, backend}: Capture): Promise<Record<CaptureFile, string>> {
  const {sets, rules, cluster} = program(variant)
  await loadSets(namespace, sets)
  await loadRules(namespace, backend, rules)
  return {
    'iptables-save.txt': await saveRules(namespace, backend),
    'ipset-save.txt': await saveSets(namespace),
    'ipset-list.txt': await listSets(namespace),
    'cluster.yaml': cluster,
  }
}

export const captureFolder = new URL('../../fixtures/captures/', import.meta.url)

export const captureUrl = ({name}: Capture, file: CaptureFile): URL => new URL(`${name}/${file}`, captureFolder)

/** A file of a capture as it was kept. */
export const keptCapture = (kept: Capture, file: CaptureFile): Promise<string> => readFile(captureUrl(kept, file), 'utf8')
