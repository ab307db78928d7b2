/**
 * Types of the official Kubernetes client as the API server's JSON has them. In the client every field may be absent, times are Date
 * objects and all can be changed; here times are texts, nobody changes what was read, and whoever names a field says whether it is
 * always there. Import the client with `import type` only.
 */

/** A type of the client as it is in JSON: times are texts, and nobody changes what was read. */
export type Json<Value> = Value extends Date
  ? string
  : Value extends readonly (infer Item)[]
    ? readonly Json<Item>[]
    : Value extends object
      ? {readonly [Key in keyof Value]: Json<Value[Key]>}
      : Value

/** Some fields of a type of the client, of which the first ones are always there. */
export type Fields<Type, Always extends keyof Type, Maybe extends keyof Type = never> = Json<
  Required<Pick<Type, Always>> & Pick<Type, Maybe>
>
