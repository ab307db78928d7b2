import {type FileHandle, open} from 'node:fs/promises'
import type {LiveEvent} from '../../core/contract/live.ts'
import type {LiveDetail, Recorded} from '../../core/contract/recording.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {LiveSource} from './live-source.ts'

/**
 * The same source, whose documents are written into a file as they come, one to a line: a recording, which --from reads. What is read besides
 * because somebody looks at it, members and differences, stands where it was looked at.
 *
 * @throws InputError from `events` when the file cannot be written
 */
export function recordTo(path: string, source: LiveSource): LiveSource {
  const file = new RecordingFile(path)
  const at = (): string => new Date().toISOString()
  return {
    kind: source.kind,
    request: request => source.request(request),
    async members(node, set, signal) {
      const entry = await source.members(node, set, signal)
      if (entry) await file.add({apiVersion: API_VERSION, kind: 'LiveMembers', node, at: at(), entry})
      return entry
    },
    async differences(node, signal) {
      const drift = await source.differences(node, signal)
      await file.add({apiVersion: API_VERSION, kind: 'LiveDifferences', node, at: at(), drift})
      return drift
    },
    ...(source.recorded && {recorded: source.recorded}),
    ...(source.opening && {opening: source.opening}),
    events: (signal, onFound) => recorded(file, source.events(signal, onFound)),
  }
}

async function* recorded(file: RecordingFile, events: AsyncIterable<LiveEvent>): AsyncGenerator<LiveEvent> {
  await using _open = await file.open()
  for await (const event of events) {
    await file.write(event)
    yield event
  }
}

class RecordingFile {
  private readonly path: string
  private handle: FileHandle | undefined
  /** Lines come from several sides, and are written one after the other. */
  private last: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.path = path
  }

  async open(): Promise<AsyncDisposable> {
    // What nodes hold is nobody else's business.
    const handle = await open(this.path, 'w', 0o600).catch(this.failed)
    this.handle = handle
    return {
      [Symbol.asyncDispose]: async () => {
        this.handle = undefined
        await this.last
        await handle.close()
      },
    }
  }

  write(document: Recorded): Promise<void> {
    const {handle} = this
    const written = this.last.then(async () => void (await handle?.write(lineOf(document)).catch(this.failed)))
    this.last = written.catch(() => {})
    return written
  }

  /** What belongs to a moment has no place before the first one, and none behind the end. A file that cannot be written ends the events. */
  async add(detail: LiveDetail): Promise<void> {
    await this.write(detail).catch(() => {})
  }

  private readonly failed = (error: Error): never => {
    throw new InputError(`--record ${this.path}: it cannot be written (${error.message})`, 'Choose another file for --record.')
  }
}

/** What a document is stands first: by that --from knows a recording. */
function lineOf({apiVersion, kind, ...rest}: Recorded): string {
  return `${JSON.stringify({apiVersion, kind, ...rest})}\n`
}
