import {open, readFile} from 'node:fs/promises'
import {type Recorded, recordedSchema} from '../../core/contract/recording.ts'
import {isLiveEvent} from '../../core/live/live-event.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {LiveSource} from './live-source.ts'

/** Enough of a file to see what it is. */
const HEAD_BYTES = 4096

/** Whether a file is a recording: its first line is a document of the stream. Files that cannot be read are none; who reads them says why. */
export async function isRecording(path: string): Promise<boolean> {
  try {
    await using file = await open(path)
    const {buffer, bytesRead} = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return /^\{[^\n]*?"kind":"Live(?:Node|Sample|Failure)"/.test(buffer.toString('utf8', 0, bytesRead))
  } catch {
    return false
  }
}

/**
 * Reads a recording.
 *
 * @throws InputError when a line is no document of the stream. A last one that was cut off, as by a full disk, is left out.
 */
export async function openRecording(path: string): Promise<LiveSource> {
  const recorded = parseRecording(await readFile(path, 'utf8'), path)
  const none = async (): Promise<never> => {
    throw new InputError('a recording does not hold this', 'Ask the node: kubectl npm top without --from.')
  }
  return {
    kind: 'recording',
    recorded,
    async *events() {
      yield* recorded.filter(isLiveEvent)
    },
    request: () => {},
    members: none,
    differences: none,
  }
}

function parseRecording(text: string, path: string): Recorded[] {
  const lines = text.split('\n')
  // Behind the last line feed is nothing, or a line that was not written to its end.
  return lines.slice(0, -1).flatMap((line, at) => {
    if (line.trim() === '') return []
    const found = recordedSchema.safeParse(jsonOf(line))
    if (found.success) return [found.data]
    throw new InputError(
      `${path}:${at + 1}: this line is no document of a recording`,
      'Record again: kubectl npm top --record FILE. Or take the line out.',
    )
  })
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
