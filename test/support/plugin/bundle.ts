import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {delimiter, dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {execa} from 'execa'

const build = fileURLToPath(new URL('../../../scripts/build.ts', import.meta.url))

export interface Bundle {
  readonly folder: string
  /** A PATH on which kubectl finds the bundle, and the bundle the Node that runs the tests. */
  readonly path: string
  remove(): void
}

/** Bundles into a folder of the caller's own: nobody else takes it away. */
export async function openBundle(): Promise<Bundle> {
  const outer = mkdtempSync(join(tmpdir(), 'kubectl-npm-bundle-'))
  const folder = join(outer, 'dist')
  await execa(process.execPath, [build, folder])
  return {
    folder,
    path: [folder, dirname(process.execPath), process.env['PATH']].join(delimiter),
    remove: () => rmSync(outer, {recursive: true, force: true}),
  }
}

/** Runs a command line on a terminal of its own. */
export async function onTerminal(command: string, env: Record<string, string>): Promise<{stdout: string; exitCode: number}> {
  const result = await execa('script', ['-qfec', command, '/dev/null'], {
    env: {TERM: 'xterm', CI: '', PAGER: 'cat', ...env},
    input: '',
    reject: false,
  })
  return {stdout: result.stdout.replaceAll('\r\n', '\n'), exitCode: result.exitCode ?? -1}
}
