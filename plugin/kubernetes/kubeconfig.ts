import {statSync} from 'node:fs'
import {homedir} from 'node:os'
import {delimiter, join} from 'node:path'
import type {ClusterFlags} from './flags.ts'

const IN_CLUSTER_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token'

/**
 * Whether anything says which cluster is meant. Without it kubectl would try a server on this machine that is hardly ever
 * there, and its error would be about a port that nobody has heard of.
 */
export function hasKubeconfig({kubeconfig}: Partial<ClusterFlags>, env: NodeJS.ProcessEnv = process.env): boolean {
  // A file that is not there is kubectl's error to tell.
  if (kubeconfig !== undefined) return true
  const files = env['KUBECONFIG'] ? env['KUBECONFIG'].split(delimiter) : [join(env['HOME'] ?? homedir(), '.kube', 'config')]
  return files.some(isFilled) || (Boolean(env['KUBERNETES_SERVICE_HOST']) && isFilled(IN_CLUSTER_TOKEN))
}

const isFilled = (file: string): boolean => (statSync(file, {throwIfNoEntry: false})?.size ?? 0) > 0
