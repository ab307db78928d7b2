/*
 * Takes the captures in test/fixtures/captures from the real kernel: node scripts/capture.ts (as root)
 *
 * A file is written only if it differs from the kept one in more than two runs of the same program always do (dates,
 * counters, hash seeds, order of members), so a run that finds nothing new changes nothing.
 */
import {mkdir, writeFile} from 'node:fs/promises'
import {
  type Capture,
  captureFileNames,
  captureFiles,
  captures,
  captureUrl,
  keptCapture,
  takeCapture,
} from '../test/support/kernel/capture.ts'
import {openNamespace} from '../test/support/kernel/namespace.ts'
import {kernelTools} from '../test/support/kernel/tools.ts'

async function write(capture: Capture): Promise<void> {
  await using namespace = await openNamespace()
  const taken = await takeCapture(namespace, capture)
  for (const file of captureFileNames) {
    const normal = captureFiles[file]
    const kept = await keptCapture(capture, file).catch(() => undefined)
    const isNew = kept === undefined || normal(kept) !== normal(taken[file])
    if (isNew) {
      const url = captureUrl(capture, file)
      await mkdir(new URL('.', url), {recursive: true})
      await writeFile(url, taken[file])
    }
    console.log(`${isNew ? 'written  ' : 'unchanged'} ${capture.name}/${file}`)
  }
}

const {missing} = kernelTools()
if (missing === undefined) {
  for (const capture of captures) await write(capture)
} else {
  console.error(`cannot take captures: ${missing}`)
  process.exitCode = 1
}
