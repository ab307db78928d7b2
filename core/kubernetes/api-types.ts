/**
 * Types of the official Kubernetes client in the form of the API server's JSON. In the client every field is optional and
 * mutable, and times are Date objects. Here fields are read-only, times are texts, and each use states which fields are required.
 * Import the client with `import type` only.
 */

/** A type of the client as JSON: read-only, times as texts. */
export type Json<Value> = Value extends Date
  ? string
  : Value extends readonly (infer Item)[]
    ? readonly Json<Item>[]
    : Value extends object
      ? {readonly [Key in keyof Value]: Json<Value[Key]>}
      : Value

/** Some fields of a type of the client: those in `Always` are required, those in `Maybe` optional. */
export type Fields<Type, Always extends keyof Type, Maybe extends keyof Type = never> = Json<
  Required<Pick<Type, Always>> & Pick<Type, Maybe>
>
