import type Koffi from 'koffi'

/** Calls functions of C libraries. */
export type NativeCalls = typeof Koffi

let loading: Promise<NativeCalls | undefined> | undefined

/**
 * Loads koffi once, when it is first needed: its native part has a megabyte. Undefined where there is none for this platform; whoever
 * asks has another way.
 */
export function loadKoffi(): Promise<NativeCalls | undefined> {
  // The form that finds its native part beside a bundle, too: scripts/build.ts.
  loading ??= import('koffi/indirect').then(
    ({default: koffi}) => koffi,
    () => undefined,
  )
  return loading
}
