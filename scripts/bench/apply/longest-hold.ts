import {spawn} from 'node:child_process'
import {once} from 'node:events'

/** Node has no flock. Prints the longest time in seconds during which another process held the lock, when its standard input ends. */
const LOOK = `
import fcntl, select, sys, time
lock = open(sys.argv[1], "a")
longest, since = 0, None
while not select.select([sys.stdin], [], [], 0.001)[0]:
    now = time.monotonic()
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(lock, fcntl.LOCK_UN)
        since = None
    except BlockingIOError:
        since = now if since is None else since
        longest = max(longest, now - since)
print(longest)
`

/** The longest time in seconds during which a lock is held while something is done, seen every millisecond. */
export async function longestHold(lockFile: string, body: () => Promise<unknown>): Promise<number> {
  const child = spawn('python3', ['-c', LOOK, lockFile], {stdio: ['pipe', 'pipe', 'inherit']})
  const said = child.stdout.toArray()
  try {
    await body()
  } finally {
    child.stdin.end()
  }
  await once(child, 'exit')
  return Number(Buffer.concat((await said) as Buffer[]).toString())
}
