import {stringify} from 'yaml'
import {initialState} from '../../core/top/state.ts'
import {watch} from '../../core/top/watch.ts'
import {openRecording} from '../../plugin/live/recording-source.ts'
import {drawFrame} from '../../plugin/ui/top/frame.ts'
import {glyphsOf} from '../../plugin/ui/top/glyphs.ts'
import {Recording} from '../../plugin/ui/top/recording.ts'
import {paintLine} from '../../plugin/ui/top/spans.ts'

interface Size {
  readonly columns: number
  readonly rows: number
}

/** The last screen of a recording of one node, as a terminal of this size shows it while it is watched. */
export async function lastScreen(path: string, size: Size): Promise<string> {
  const {recorded = []} = await openRecording(path)
  const recording = new Recording(recorded)
  const at = recording.count - 1
  const now = recording.timeOf(at) ?? 0
  const [first] = recorded
  const {lines} = drawFrame({
    state: initialState({intervalMs: 1000, theme: 'dark', ...(first && {node: first.node})}),
    watched: watch(recording.viewAt(at)),
    extras: {differences: new Map(), members: new Map()},
    now,
    clock: new Date(now).toISOString().slice(11, 19),
    size,
    glyphs: glyphsOf(false),
    yamlOf: document => stringify(document).split('\n'),
  })
  return lines.map(line => paintLine(line, 'dark')).join('\n')
}
