/*
 * The labels of every pod in which an agent or a relay runs. Apart from the schemas: a verb that only looks for pods does not
 * need their library.
 */
export const AGENT_LABEL = {key: 'app.kubernetes.io/name', value: 'npm-agent'} as const
/** On Windows nodes the agent is its own relay: it has the relay's label, and this one, which tells them apart. */
export const WINDOWS_AGENT_LABEL = {key: 'app.kubernetes.io/component', value: 'windows'} as const
export const RELAY_LABEL = {key: 'app.kubernetes.io/name', value: 'npm-relay'} as const
