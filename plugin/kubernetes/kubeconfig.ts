import {statSync} from 'node:fs'
import {delimiter, join} from 'node:path'
import type {ClusterFlags} from './flags.ts'

/** Where a pod finds the account that it has. */
export const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/**
 * Whether a kubeconfig or the pod that this runs in names a cluster. Without either kubectl tries localhost:8080, and its error does not
 * say why.
 */
export function hasKubeconfig({kubeconfig}: Partial<ClusterFlags>, env: NodeJS.ProcessEnv = process.env): boolean {
  // kubectl reports a file that is not there.
  if (kubeconfig !== undefined) return true
  return kubeconfigFiles(env).some(isFilled) || isInPod(env)
}

/** Whether this runs in a pod that may have an account. */
export const isInPod = (env: NodeJS.ProcessEnv): boolean =>
  Boolean(env['KUBERNETES_SERVICE_HOST']) && isFilled(`${SERVICE_ACCOUNT}/token`)

/** The files that make up the kubeconfig, as kubectl looks for them when no flag names one. They may not be there. */
export function kubeconfigFiles(env: NodeJS.ProcessEnv): readonly string[] {
  if (env['KUBECONFIG']) return [...new Set(env['KUBECONFIG'].split(delimiter).filter(file => file !== ''))]
  const files = homes(env).map(home => join(home, '.kube', 'config'))
  return [files.find(isFilled) ?? files[0]].filter(file => file !== undefined)
}

/** Where kubectl looks for it. On Windows it is the first of three folders that has one. Source: client-go, util/homedir */
function homes({HOME = '', HOMEDRIVE = '', HOMEPATH = '', USERPROFILE = ''}: NodeJS.ProcessEnv): readonly string[] {
  const folders = process.platform === 'win32' ? [HOME, `${HOMEDRIVE}${HOMEPATH}`, USERPROFILE] : [HOME]
  return folders.filter(home => home !== '')
}

const isFilled = (file: string): boolean => (statSync(file, {throwIfNoEntry: false})?.size ?? 0) > 0
