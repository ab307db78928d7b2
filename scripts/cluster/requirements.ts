import {type Binary, findProgram, missingBinaries} from './binaries.ts'

/** What control planes may run. */
export const controlPlaneBinaries: readonly Binary[] = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']

/** What a real cluster runs. */
export const clusterBinaries: readonly Binary[] = [...controlPlaneBinaries, 'kubelet', 'kube-proxy']

let controlPlane: {readonly reason: string | undefined} | undefined

/** Says why no control plane can be started here; undefined when it can, perhaps after its programs were built. */
export function missingForControlPlane(): string | undefined {
  controlPlane ??= {reason: notLinux() ?? missingTool(['bash', 'flock', 'setpriv']) ?? missingBinaries(controlPlaneBinaries)}
  return controlPlane.reason
}

const notLinux = (): string | undefined => (process.platform === 'linux' ? undefined : `this is ${process.platform}, not Linux`)

/** The first tool that is on none of the folders of PATH, as a reason. */
function missingTool(tools: readonly string[]): string | undefined {
  const missing = tools.find(tool => findProgram(tool) === undefined)
  return missing && `${missing} is not installed; see scripts/install-tools.sh`
}
