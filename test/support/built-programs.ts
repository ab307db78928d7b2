import {delimiter, dirname, join} from 'node:path'
import {buildOnce} from './build-once.ts'

/*
 * The executables as people run them. Bundled they start in half the processor time that the sources take, and tests start them more
 * than a thousand times.
 */

/** What `npm run build` makes. */
export const builtFolder = await buildOnce('dist', 'scripts/build.ts')

export const kubectlNpm = join(builtFolder, 'kubectl-npm')
export const npmAgent = join(builtFolder, 'npm-agent')

/** A PATH on which kubectl finds them, and they find the Node that runs the tests. */
export const builtPath = [builtFolder, dirname(process.execPath), process.env['PATH']].join(delimiter)
