import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {execa} from 'execa'

const script = (name: string): string => join(import.meta.dirname, name)

/** What a program has said and how it ended. */
export interface Ended {
  readonly exitCode: number | undefined
  readonly stdout: string
  readonly stderr: string
}

/** A Wine under which Node 26 starts. */
export interface NewerWine {
  /**
   * @param program a path in `folder`
   * @param words   where one names a file, it is below `Z:\work`, which `folder` is
   */
  readonly run: (program: string, words: readonly string[]) => Promise<Ended>
}

/** Why there can be none here; undefined where there can. */
export function noNewerWine(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return `this is ${process.platform} on ${process.arch}, not Linux on x64`
  return process.getuid?.() === 0 ? undefined : 'only root may mount what Wine is to see'
}

/**
 * @param folder what programs see of this machine
 * @throws execa's error when Wine cannot be had, with what its script says
 */
export async function openNewerWine(folder: string): Promise<NewerWine> {
  const {stdout: root} = await execa('sh', [script('newer-wine.sh')], {stderr: 'pipe'})
  return {
    run: async (program, words) => {
      // libuv does not open pipes under Wine, so the program writes to files itself.
      const [out, err] = [join(folder, 'stdout'), join(folder, 'stderr')]
      const command = [script('in-newer-wine.sh'), root, folder, `Z:\\work\\${program}`, ...words]
      const redirected = ['-c', 'exec sh "$@" >"$OUT" 2>"$ERR" </dev/null', 'sh', ...command]
      const {exitCode} = await execa('sh', redirected, {env: {OUT: out, ERR: err}, reject: false})
      const stderr = await readFile(err, 'utf8')
      return {exitCode, stdout: await readFile(out, 'utf8'), stderr: stderr.replaceAll(WITHOUT_FONTS, '')}
    },
  }
}

/** What Wine itself says where it finds no library of fonts. */
const WITHOUT_FONTS = /Wine cannot find the FreeType font library\.[^]*?www\.freetype\.org\r?\n/g
