import {open} from 'node:fs/promises'
import type {LiveEvent} from '../../core/contract/live.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {LiveSource} from './live-source.ts'

/**
 * The same source, whose documents are written into a file as they come, one to a line: a recording, which --from reads.
 *
 * @throws InputError from `events` when the file cannot be written
 */
export function recordTo(path: string, source: LiveSource): LiveSource {
  return {
    kind: source.kind,
    request: request => source.request(request),
    members: (...args) => source.members(...args),
    differences: (...args) => source.differences(...args),
    ...(source.recorded && {recorded: source.recorded}),
    events: signal => recorded(path, source.events(signal)),
  }
}

/** What a document is stands first: by that --from knows a recording. */
function lineOf({apiVersion, kind, ...rest}: LiveEvent): string {
  return `${JSON.stringify({apiVersion, kind, ...rest})}\n`
}

async function* recorded(path: string, events: AsyncIterable<LiveEvent>): AsyncGenerator<LiveEvent> {
  const failed = (error: Error): never => {
    throw new InputError(`${path}: ${error.message}`, 'Choose another file for --record.')
  }
  // What nodes hold is nobody else's business.
  await using file = await open(path, 'w', 0o600).catch(failed)
  for await (const event of events) {
    await file.write(lineOf(event)).catch(failed)
    yield event
  }
}
