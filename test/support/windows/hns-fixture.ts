import {readFileSync} from 'node:fs'
import {join} from 'node:path'

/** A file of the folder of HNS fixtures, parsed. */
export const hnsFixture = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/hns', name), 'utf8'))
