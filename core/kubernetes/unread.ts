/** An object as JSON or YAML gave it: nothing is known of its fields. */
export type Unread = Readonly<Record<string, unknown>>

export const isFields = (value: unknown): value is Unread => typeof value === 'object' && value !== null && !Array.isArray(value)
