import {readFile} from 'node:fs/promises'
import type {ClusterFlags} from './flags.ts'
import {kubeconfigFiles} from './kubeconfig.ts'

/** In YAML and in JSON. */
const LOGIN_PROGRAM = /\bexec["']?\s*:/

/**
 * Whether a login program of the kubeconfig may ask the person something. It may do so on the terminal itself, so that nobody else sees it; whoever
 * takes the terminal should wait for it. What cannot be read has none: whoever uses it says what is wrong.
 */
export async function mayAskPerson(flags: ClusterFlags, env: NodeJS.ProcessEnv = process.env): Promise<boolean> {
  const files = flags.kubeconfig === undefined ? kubeconfigFiles(env) : [flags.kubeconfig]
  const texts = await Promise.all(files.map(file => readFile(file, 'utf8').catch(() => '')))
  // Most have none, and reading YAML takes as long as drawing a screen.
  if (!texts.some(text => LOGIN_PROGRAM.test(text))) return false
  const [{readKubeconfig}, {choose}] = await Promise.all([
    import('./kubeconfig/read-kubeconfig.ts'),
    import('./kubeconfig/chosen.ts'),
  ])
  try {
    const {exec} = choose(await readKubeconfig(flags, env), flags, env).user
    return exec !== undefined && exec.interactiveMode !== 'Never'
  } catch {
    return false
  }
}
