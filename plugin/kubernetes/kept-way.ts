import type {Way} from './way.ts'

/** The way that is kept, once somebody has opened it. */
interface Kept {
  way: Promise<Way> | undefined
}

let kept: Kept | undefined

/**
 * Keeps the way to the API server open between one use and the next, for who asks again and again: starting kubectl and logging in take longer
 * than most answers.
 *
 * @returns to be disposed of at the end; `renew` has the next user open a new one
 */
export function keepWay(): AsyncDisposable & {readonly renew: () => Promise<void>} {
  const mine: Kept = {way: undefined}
  kept = mine
  const end = async (): Promise<void> => {
    const {way} = mine
    mine.way = undefined
    await way?.then(
      each => each[Symbol.asyncDispose](),
      () => {},
    )
  }
  return {
    renew: end,
    async [Symbol.asyncDispose]() {
      kept = undefined
      await end()
    },
  }
}

/** The way that is kept, or a new one. @param open opens it */
export async function sharedWay(open: () => Promise<Way>): Promise<Way> {
  if (!kept) return open()
  const way = await (kept.way ??= open())
  return {
    send: request => way.send(request),
    explain: (error, asked) => way.explain(error, asked),
    upgrade: (path, protocols, signal) => way.upgrade(path, protocols, signal),
    deleteLater: path => way.deleteLater(path),
    ...(way.forwardOtherwise && {forwardOtherwise: way.forwardOtherwise.bind(way)}),
    // Who uses it ends its own use, and no other's.
    async [Symbol.asyncDispose]() {},
  }
}
