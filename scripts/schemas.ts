/** Writes the JSON Schema of every document we print into docs/schema/, for those who read our JSON with other tools. */
import {writeFile} from 'node:fs/promises'
import {schemaFiles} from './schema-files.ts'

for (const {url, text} of schemaFiles()) {
  await writeFile(url, text)
  console.log(url.pathname.split('/').slice(-3).join('/'))
}
