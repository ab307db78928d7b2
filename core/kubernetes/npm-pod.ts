import type {Labels, ObjectMeta, Pod} from './objects.ts'

/** The label of Azure NPM's pods in `kube-system`, on Linux and on Windows. Source: manifests of azure-container-networking. */
export const NPM_POD_LABEL = ['k8s-app', 'azure-npm'] as const

const [KEY, VALUE] = NPM_POD_LABEL

/** Whether a pod runs Azure NPM. */
export const isNpmPod = ({namespace, labels}: Pick<ObjectMeta, 'namespace'> & {readonly labels?: Labels}): boolean =>
  namespace === 'kube-system' && labels?.[KEY] === VALUE

/** The Azure NPM of a node, as its pod tells. */
export interface RunningNpm {
  /** The tag of its image, `v1.6.48`. Null for an image without a tag, or one that names no release. */
  readonly release: string | null
  /** When its container was started, RFC 3339. Null while it does not run. */
  readonly startedAt: string | null
}

/** The Azure NPM of a node; undefined without its pod. While a newer pod takes an older one's place, the one that was started last. */
export function npmOnNode(pods: readonly Pod[], node: string): RunningNpm | undefined {
  let newest: RunningNpm | undefined
  for (const pod of pods) {
    const {metadata, spec, status} = pod
    if (spec?.nodeName !== node || !isNpmPod(metadata)) continue
    const [container] = status?.containerStatuses ?? []
    const found = {
      release: releaseOfPod(pod) ?? null,
      startedAt: timeOf(container?.state?.running?.startedAt),
    }
    if (!newest || (found.startedAt ?? '') > (newest.startedAt ?? '')) newest = found
  }
  return newest
}

/** The tag of the image of a pod of Azure NPM. */
export const releaseOfPod = ({spec, status}: Pod): string | undefined =>
  releaseOf(spec?.containers?.[0]?.image) ?? releaseOf(status?.containerStatuses?.[0]?.image)

/** Tags such as `latest` tell nothing. A registry may have a port, and the tag a digest behind it. */
const TAG = /:(v?\d+\.\d+\.\d+[\w.-]*)(?:@|$)/

const releaseOf = (image: unknown): string | undefined => (typeof image === 'string' ? TAG.exec(image)?.[1] : undefined)

/** Objects of files may have any text there. */
function timeOf(text: unknown): string | null {
  const ms = typeof text === 'string' ? Date.parse(text) : Number.NaN
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null
}
