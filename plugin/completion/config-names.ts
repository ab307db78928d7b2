import {type ClusterFlags, kubectlArguments} from '../kubernetes/flags.ts'
import {runKubectl} from '../kubernetes/kubectl.ts'
import type {ConfigKind, Suggestion} from './names.ts'

/** Nobody logs in to read a kubeconfig, and what is secret in it is left out by kubectl. */
const VIEW = ['config', 'view', '-o', 'json']

interface Config {
  readonly contexts?: readonly {readonly name: string; readonly context: {readonly cluster: string}}[] | null
  readonly clusters?: readonly {readonly name: string; readonly cluster: {readonly server: string}}[] | null
  readonly users?: readonly {readonly name: string}[] | null
}

/**
 * Names in the kubeconfig.
 *
 * @throws SyntaxError when kubectl is missing or fails, and prints no kubeconfig
 */
export async function findInConfig(kind: ConfigKind, {kubeconfig}: ClusterFlags, signal: AbortSignal): Promise<Suggestion[]> {
  const args = kubectlArguments({...(kubeconfig !== undefined && {kubeconfig}), 'agent-namespace': ''})
  const {stdout} = await runKubectl([...VIEW, ...args], signal)
  const config = JSON.parse(stdout) as Config
  if (kind === 'context') return (config.contexts ?? []).map(({name, context}) => ({text: name, about: context.cluster}))
  if (kind === 'cluster') return (config.clusters ?? []).map(({name, cluster}) => ({text: name, about: cluster.server}))
  return (config.users ?? []).map(({name}) => ({text: name}))
}
