import {z} from 'zod'
import {schemas} from '../core/contract/index.ts'

/** The JSON Schema files, generated from the zod schemas. */
export function schemaFiles(): {kind: string; url: URL; text: string}[] {
  return Object.entries(schemas).map(([kind, schema]) => ({
    kind,
    url: new URL(`../docs/schema/${kind}.json`, import.meta.url),
    text: `${JSON.stringify({title: kind, ...z.toJSONSchema(schema)}, null, 2)}\n`,
  }))
}
