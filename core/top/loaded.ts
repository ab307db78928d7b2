/** What is read when somebody looks at it. */
export type Loaded<Value> =
  | {readonly state: 'loading'}
  | {readonly state: 'here'; readonly value: Value; readonly at: number}
  | {readonly state: 'failed'; readonly message: string; readonly next: string}
