/** The first thing that a newcomer sees: what is wrong with the example, and what to type next. */
import {fileURLToPath} from 'node:url'
import {execa} from 'execa'

const root = fileURLToPath(new URL('..', import.meta.url))
const args = ['diff', 'examples/shop']

console.log(`examples/shop is a dump of two nodes on which a shop runs. Its front end cannot always reach its API.

$ kubectl npm ${args.join(' ')}
`)
// It ends with 1, as there are differences.
const {exitCode} = await execa(process.execPath, ['dist/kubectl-npm', ...args], {cwd: root, stdio: 'inherit', reject: false})
console.log(`
Next, in this shell, to see where the front end's packet is dropped, and by which rule:

  export PATH="$PWD/dist:$PWD/node_modules/.bin:$PATH"
  kubectl npm trace shop/web-1 shop/api-0 --port 8080 --from examples/shop

Without kubectl it is kubectl-npm. The tutorial goes on from here: docs/tutorial.md`)
process.exitCode = exitCode === 1 ? 0 : 2
