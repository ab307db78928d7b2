import {readFile} from 'node:fs/promises'
import type {ClusterFlags} from './flags.ts'
import {readKubeconfig} from './kubeconfig/read-kubeconfig.ts'
import {isInPod, SERVICE_ACCOUNT} from './kubeconfig.ts'

/** What chooses the context. */
export type ContextFlags = Partial<Pick<ClusterFlags, 'kubeconfig' | 'context'>>

/**
 * The namespace that kubectl takes for names without one: that of the context, in a pod without a kubeconfig that of the pod, or `default`.
 *
 * Source: client-go, tools/clientcmd/client_config.go
 *
 * @throws InputError when the kubeconfig cannot be read
 */
export async function currentNamespace({kubeconfig, context}: ContextFlags, env = process.env): Promise<string> {
  const {currentContext, contexts} = await readKubeconfig({kubeconfig}, env)
  const name = context ?? currentContext
  const told = name === undefined ? undefined : contexts.get(name)?.namespace
  const ofPod = contexts.size === 0 && isInPod(env) ? await namespaceOfPod(env) : undefined
  return told || ofPod || 'default'
}

const namespaceOfPod = async (env: NodeJS.ProcessEnv): Promise<string> =>
  env['POD_NAMESPACE'] || (await readFile(`${SERVICE_ACCOUNT}/namespace`, 'utf8').catch(() => '')).trim()
