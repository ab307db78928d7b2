import {statSync} from 'node:fs'
import {delimiter, join} from 'node:path'
import type {ClusterFlags} from './flags.ts'

const IN_CLUSTER_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token'

/**
 * Whether a kubeconfig or the pod that this runs in names a cluster. Without either kubectl tries localhost:8080, and its error does not
 * say why.
 */
export function hasKubeconfig({kubeconfig}: Partial<ClusterFlags>, env: NodeJS.ProcessEnv = process.env): boolean {
  // kubectl reports a file that is not there.
  if (kubeconfig !== undefined) return true
  const files = env['KUBECONFIG'] ? env['KUBECONFIG'].split(delimiter) : homes(env).map(home => join(home, '.kube', 'config'))
  return files.some(isFilled) || (Boolean(env['KUBERNETES_SERVICE_HOST']) && isFilled(IN_CLUSTER_TOKEN))
}

/** Where kubectl looks for it. On Windows it is the first of three folders that has one. Source: client-go, util/homedir */
function homes({HOME = '', HOMEDRIVE = '', HOMEPATH = '', USERPROFILE = ''}: NodeJS.ProcessEnv): readonly string[] {
  const folders = process.platform === 'win32' ? [HOME, `${HOMEDRIVE}${HOMEPATH}`, USERPROFILE] : [HOME]
  return folders.filter(home => home !== '')
}

const isFilled = (file: string): boolean => (statSync(file, {throwIfNoEntry: false})?.size ?? 0) > 0
