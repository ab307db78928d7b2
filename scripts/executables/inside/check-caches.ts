/*
 * Says of which pieces this Node does not take what was kept of them: it would start an executable slowly, and nobody would see why.
 *
 * argv: the folder of the pieces
 */
import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {Script} from 'node:vm'

const [, , folder = ''] = process.argv
for (const path of globSync('cache/*/lib/**/*.js', {cwd: folder})) {
  const [, , ...piece] = path.split(/[\\/]/)
  const name = piece.join('/')
  const cachedData = readFileSync(join(folder, path))
  const {cachedDataRejected} = new Script(readFileSync(join(folder, name), 'latin1'), {filename: name, cachedData})
  if (cachedDataRejected) {
    process.stderr.write(`${path} is refused\n`)
    process.exitCode = 1
  }
}
