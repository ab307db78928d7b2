/** The label of every pod in which an agent runs. Apart from the schemas: a verb that only looks for pods does not need their library. */
export const AGENT_LABEL = {key: 'app.kubernetes.io/name', value: 'npm-agent'} as const
