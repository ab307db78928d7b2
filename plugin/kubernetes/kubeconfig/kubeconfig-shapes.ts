import {z} from 'zod'

/**
 * A kubeconfig, as far as it is read. What is empty counts as absent, as in kubectl.
 *
 * Source: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
 */

const text = z
  .string()
  .nullish()
  .transform(value => value || undefined)
const truth = z
  .boolean()
  .nullish()
  .transform(value => value === true)
const texts = z
  .array(z.string())
  .nullish()
  .transform(value => value ?? [])

const clusterShape = z.object({
  server: text,
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': truth,
  'tls-server-name': text,
  'proxy-url': text,
  extensions: z.array(z.object({name: z.string(), extension: z.unknown()})).nullish(),
})

/** How a login program is called. Source: the same, ExecConfig */
const execShape = z.object({
  apiVersion: text,
  command: text,
  args: texts,
  env: z
    .array(z.object({name: z.string(), value: z.string()}))
    .nullish()
    .transform(value => value ?? []),
  installHint: text,
  provideClusterInfo: truth,
  interactiveMode: text,
})

const userShape = z.object({
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  as: text,
  'as-uid': text,
  'as-groups': texts,
  'as-user-extra': z
    .record(z.string(), z.array(z.string()))
    .nullish()
    .transform(value => value ?? {}),
  exec: execShape.nullish().transform(value => value ?? undefined),
  'auth-provider': z
    .object({
      name: z.string(),
      config: z
        .record(z.string(), z.string())
        .nullish()
        .transform(value => value ?? {}),
    })
    .nullish()
    .transform(value => value ?? undefined),
})

const contextShape = z.object({cluster: text, user: text, namespace: text})

const listOf = <Shape extends z.ZodObject>(shape: Shape) =>
  z
    .array(shape)
    .nullish()
    .transform(value => value ?? [])

export const kubeconfigShape = z.object({
  'current-context': text,
  clusters: listOf(z.object({name: z.string(), cluster: clusterShape})),
  users: listOf(z.object({name: z.string(), user: userShape})),
  contexts: listOf(z.object({name: z.string(), context: contextShape})),
})

export type ClusterEntry = z.infer<typeof clusterShape>
export type UserEntry = z.infer<typeof userShape>
export type ContextEntry = z.infer<typeof contextShape>
export type ExecEntry = z.infer<typeof execShape>
