import {isDeepStrictEqual} from 'node:util'
import {InputError} from '../../core/problem/input-error.ts'
import {anyShape} from '../kubernetes/answer-shapes.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import {dryRunPod} from './admission.ts'
import {applyObject} from './apply.ts'
import {type ExistingObjects, findObject, keepForeignNamespaces, readExistingObjects} from './existing-objects.ts'
import {isOurs, type KubernetesObject, OWN_LABEL, objectName, objectPath, STAND_IN_NAMESPACE} from './objects.ts'
import {findOlderLayout, type OlderLayout, removeOlderLayout} from './older-layout.ts'
import {removeObject} from './remove-object.ts'

/** What became of the object that was there, or was not. */
export type ObjectChange = 'created' | 'configured' | 'unchanged' | 'removed'

export interface InstallStep {
  readonly object: KubernetesObject
  readonly change: ObjectChange
}

export interface InstallOptions {
  /** Checks everything and stores nothing. */
  readonly dryRun: boolean
  /** Takes over fields that others set. */
  readonly force: boolean
  /** Objects of the manifests that this installation goes without: those that an earlier one has made are removed. */
  readonly without: readonly KubernetesObject[]
  /** How long agents of an older version may take to end, before those of this one are installed all the same. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Called for each object as soon as it is stored, removed, or checked. */
  readonly onStep: (step: InstallStep) => void
  /** Called for what the API server warns of, and what could not be checked. */
  readonly onWarning: (text: string) => void
  /** Called with what is waited for, when that has changed. */
  readonly onWait: (text: string) => void
}

/**
 * Applies the manifests. Everything is dry-run first; then the namespaces and the accounts are made, Pods are dry-run in them, and
 * only if these are admitted comes the rest. A failure before that leaves nothing behind. An installation of before there were relays is
 * removed in between: its agents and ours want the same socket of the node.
 *
 * @param objects as rendered, in the order in which they are applied
 * @param pods what the pods of agents and relays will be
 * @throws InputError saying what is refused, or what is left and how to remove it
 */
export async function install(
  api: ClusterApi,
  objects: readonly KubernetesObject[],
  pods: readonly KubernetesObject[],
  options: InstallOptions,
): Promise<void> {
  const existing = await readExistingObjects(api)
  const older = await findOlderLayout(api)
  const {dryRun, onStep, onWarning} = options
  const checked = await checkAll(api, keepForeignNamespaces(objects, existing), existing, options)
  if (dryRun) {
    for (const pod of pods) await checkPod(api, pod, checked, onWarning)
    for (const object of [...older.objects, ...(await ourOwn(api, options.without))]) onStep({object, change: 'removed'})
    for (const step of checked) onStep(step)
    return
  }
  const applied: Checked[] = []
  try {
    await applyAll(
      api,
      checked.filter(({object}) => isFirst(object)),
      applied,
      options,
    )
    await admit(api, pods, applied)
    await replaceOlder(api, older, options)
    for (const object of await ourOwn(api, options.without))
      if (await removeObject(api, object)) onStep({object, change: 'removed'})
    await applyAll(
      api,
      checked.filter(({object}) => !isFirst(object)),
      applied,
      options,
    )
  } catch (error) {
    throw withApplied(error, applied)
  }
}

/** Removes agents of an older version, and waits for their end; where a kubelet is away, that never comes. */
async function replaceOlder(
  api: ClusterApi,
  older: OlderLayout,
  {timeoutMs, signal, onStep, onWait, onWarning}: InstallOptions,
): Promise<void> {
  const left = await removeOlderLayout(api, older, {
    timeoutMs,
    signal,
    onRemove: object => onStep({object, change: 'removed'}),
    onWait: names => onWait(`older agents have to end first: ${names.join(', ')}`),
  })
  if (left.length > 0)
    onWarning(`older agents are still there: ${left.join(', ')}; on their nodes the new ones start when these are gone`)
}

/** Those that are there and ours. */
async function ourOwn(api: ClusterApi, objects: readonly KubernetesObject[]): Promise<KubernetesObject[]> {
  const found = await Promise.all(objects.map(object => findObject(api, objectPath(object))))
  return objects.flatMap((object, at) => {
    const live = found[at]
    return live && isOurs(live) ? [{...live, kind: object.kind}] : []
  })
}

async function admit(api: ClusterApi, pods: readonly KubernetesObject[], applied: Checked[]): Promise<void> {
  try {
    for (const pod of pods) await dryRunPod(api, pod)
  } catch (error) {
    await removeCreated(api, applied)
    throw error
  }
}

/** Always there. Roles of ours go there, too. */
const SYSTEM_NAMESPACE = 'kube-system'

/** What a Pod needs to be admitted at all. */
const isFirst = ({kind}: KubernetesObject): boolean => kind === 'Namespace' || kind === 'ServiceAccount'

interface Checked {
  readonly object: KubernetesObject
  readonly live: KubernetesObject | undefined
  readonly change: ObjectChange
}

async function checkAll(
  api: ClusterApi,
  objects: readonly KubernetesObject[],
  {namespaces}: ExistingObjects,
  {force, onWarning}: InstallOptions,
): Promise<Checked[]> {
  const answers = await Promise.allSettled(
    objects.map(async object => {
      const {namespace} = object.metadata
      const isEarly = namespace !== undefined && namespace !== SYSTEM_NAMESPACE && !namespaces.has(namespace)
      if (!isEarly) return checkOne(api, object, force, onWarning)
      await checkOne(api, {...object, metadata: {...object.metadata, namespace: STAND_IN_NAMESPACE}}, force, onWarning)
      return {object, live: undefined, change: 'created'} as const
    }),
  )
  const failures = answers.flatMap((answer, index) =>
    answer.status === 'rejected' ? [{name: objectName(objects[index] as KubernetesObject), error: answer.reason as unknown}] : [],
  )
  const [first, ...others] = failures
  if (!first) return answers.flatMap(answer => (answer.status === 'fulfilled' ? [answer.value] : []))
  if (!(first.error instanceof InputError)) throw first.error
  for (const {name, error} of others) onWarning(`${name}: ${error instanceof Error ? error.message : String(error)}`)
  const more = others.length === 0 ? '' : ` (and ${others.length} more, above)`
  throw new InputError(`nothing was installed: ${first.name}: ${first.error.message}${more}`, first.error.next)
}

async function checkOne(
  api: ClusterApi,
  object: KubernetesObject,
  force: boolean,
  onWarning: (text: string) => void,
): Promise<Checked> {
  const live = await findObject(api, objectPath(object))
  if (live && object.kind !== 'Namespace') requireOurs(live, object)
  const answer = await applyObject(api, object, {dryRun: true, force})
  for (const warning of answer.warnings) onWarning(`${objectName(object)}: ${warning}`)
  return {object, live, change: live ? (isSame(live, answer.object) ? 'unchanged' : 'configured') : 'created'}
}

/** Somebody else's object of the same name is not taken over: whoever uses it would get our rights, and `uninstall` would remove it. */
function requireOurs(live: KubernetesObject, object: KubernetesObject): void {
  if (isOurs(live)) return
  throw new InputError(
    `${objectName(object)} is there already, and is not of kubectl npm (label ${OWN_LABEL.key}=${OWN_LABEL.value} is missing)`,
    'Remove or rename it, or install elsewhere with --agent-namespace.',
  )
}

/** Whether two states of an object differ in what people write. */
function isSame(one: KubernetesObject, other: KubernetesObject): boolean {
  const written = ({metadata, ...rest}: KubernetesObject) => {
    const {managedFields: _, resourceVersion: _version, generation: _generation, ...kept} = metadata as Record<string, unknown>
    return {...rest, metadata: kept}
  }
  return isDeepStrictEqual(written(one), written(other))
}

async function applyAll(
  api: ClusterApi,
  checked: readonly Checked[],
  applied: Checked[],
  {force, onStep}: InstallOptions,
): Promise<void> {
  for (const {object, live} of checked) {
    const {object: stored, isNew} = await applyObject(api, object, {force})
    const isUnchanged = live?.metadata.resourceVersion === stored.metadata.resourceVersion
    const step: Checked = {object: stored, live, change: isNew ? 'created' : isUnchanged ? 'unchanged' : 'configured'}
    applied.push(step)
    onStep(step)
  }
}

/** Dry-runs a Pod, unless its namespace or account is not there yet: the answer would only say that. */
async function checkPod(
  api: ClusterApi,
  pod: KubernetesObject,
  checked: readonly Checked[],
  onWarning: (text: string) => void,
): Promise<void> {
  const isOfPod = ({kind, metadata}: KubernetesObject) =>
    (kind === 'Namespace' ? metadata.name : metadata.namespace) === pod.metadata.namespace
  if (checked.some(({object, live}) => isFirst(object) && isOfPod(object) && live === undefined)) {
    onWarning(
      `whether pods ${pod.metadata.generateName}… are admitted is known only when their namespace and account are there; install checks it then`,
    )
    return
  }
  for (const warning of (await dryRunPod(api, pod)).warnings) onWarning(`Pod: ${warning}`)
}

/** Removes what this run has made; what was there before stays as it is now. */
async function removeCreated(api: ClusterApi, applied: Checked[]): Promise<void> {
  while (applied.length > 0) {
    const {object, change} = applied.pop() as Checked
    if (change === 'created') await api.call('DELETE', objectPath(object), anyShape)
  }
}

function withApplied(error: unknown, applied: readonly Checked[]): unknown {
  const changed = applied.filter(({change}) => change !== 'unchanged').map(({object}) => objectName(object))
  if (!(error instanceof InputError)) return error
  if (changed.length === 0) return new InputError(`nothing was installed: ${error.message}`, error.steps)
  return new InputError(`installed in part only: ${error.message}`, [
    ...error.steps,
    `Already there: ${changed.join(', ')}.`,
    'Run install again, or remove it: kubectl npm uninstall',
  ])
}
