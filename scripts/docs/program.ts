/*
 * Runs command lines of the plugin, one after the other, in one process: node program.ts FIFO
 *
 * Most of the time that a short command takes is the start of Node. A request in the FIFO is a number of words, the id of the process that
 * asks, its folder and the words, each ended by a NUL. Its input, output and errors are
 * the descriptors 3, 4 and 5 of that process; its exit code goes into FIFO.ID.
 */
import {createReadStream, createWriteStream, type WriteStream} from 'node:fs'
import {open, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {finished} from 'node:stream/promises'
import packageFacts from '../../package.json' with {type: 'json'}
import {runCli} from '../../plugin/cli.ts'

interface Request {
  readonly pid: string
  readonly folder: string
  readonly words: readonly string[]
}

/** Never ends: open for writing too, it is not over when one asker has gone. */
async function* requests(fifo: string): AsyncGenerator<Request> {
  await using handle = await open(fifo, 'r+')
  const buffer = Buffer.alloc(64 * 1024)
  let text = ''
  while (true) {
    const {bytesRead} = await handle.read(buffer)
    text += buffer.toString('utf8', 0, bytesRead)
    for (;;) {
      const [count = '', pid = '', folder = '', ...rest] = text.split('\0')
      // Behind the last NUL an empty text stands.
      if (count === '' || rest.length <= Number(count)) break
      yield {pid, folder, words: rest.slice(0, Number(count))}
      text = rest.slice(Number(count)).join('\0')
    }
  }
}

/** Puts other streams in the place of the process's own. */
function exchange(name: 'stdin' | 'stdout' | 'stderr', stream: unknown): void {
  Object.defineProperty(process, name, {value: stream, configurable: true})
}

async function ended(stream: WriteStream): Promise<void> {
  stream.end()
  // Who reads may have gone.
  await finished(stream).catch(() => undefined)
}

const [fifo = ''] = process.argv.slice(2)
/** The folder of the program, with the manifests that come with it. */
const root = join(import.meta.dirname, '../..')
for await (const {pid, folder, words} of requests(fifo)) {
  const path = (descriptor: number) => `/proc/${pid}/fd/${descriptor}`
  process.chdir(folder)
  const stdin = createReadStream(path(3))
  const [stdout, stderr] = [4, 5].map(descriptor => createWriteStream(path(descriptor), {flags: 'a'})) as [
    WriteStream,
    WriteStream,
  ]
  exchange('stdin', stdin)
  exchange('stdout', stdout)
  exchange('stderr', stderr)
  const code = await runCli(words, packageFacts, root)
  stdin.destroy()
  await Promise.all([ended(stdout), ended(stderr)])
  await writeFile(`${fifo}.${pid}`, `${code}\n`)
}
