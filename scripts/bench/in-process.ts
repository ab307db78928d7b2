/*
 * One task of core on one file, in a process of its own: node in-process.ts TASK FILE
 *
 * Prints how many seconds the task took, without starting Node and without reading and decoding the file.
 */
import {readFile} from 'node:fs/promises'
import {parseIpsetSave} from '../../core/linux/ipset/parse-save.ts'
import {parseIptablesSave} from '../../core/linux/iptables/parse.ts'
import {indexIptablesSave} from '../../core/linux/iptables/save-index.ts'
import {decodeText} from '../../core/text/decode.ts'
import {eachLine, type Text} from '../../core/text/lines.ts'

export const tasks = {
  words: splitWords,
  index: indexIptablesSave,
  parse: parseIptablesSave,
  ipset: parseIpsetSave,
} as const
export type Task = keyof typeof tasks

/** The least that any parser does: splits lines into words. Nothing is kept. */
function splitWords(text: Text): number {
  let words = 0
  eachLine(text, (piece, start, end) => {
    words += piece.slice(start, end).split(' ').length
  })
  return words
}

if (import.meta.main) {
  const [task, file] = process.argv.slice(2) as [Task, string]
  const text = decodeText(await readFile(file))
  // Time of this thread: others on the machine do not count.
  const start = process.threadCpuUsage()
  const result = tasks[task](text)
  const {user, system} = process.threadCpuUsage(start)
  // The result is looked at afterwards, so that nothing of it can be left out or collected before the end.
  if (!result) throw new Error(`${task} gave nothing`)
  console.log((user + system) / 1e6)
}
