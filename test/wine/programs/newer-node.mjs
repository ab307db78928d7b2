/**
 * Loaded in front of our programs under Wine, which runs no Node newer than 22: has what they use of Node 24. Besides, the program looks
 * at the version.
 */
class AsyncDisposableStack {
  #things = []
  use(thing) {
    const dispose = thing?.[Symbol.asyncDispose] ?? thing?.[Symbol.dispose]
    if (thing !== null && thing !== undefined) this.#things.push(() => dispose.call(thing))
    return thing
  }
  adopt(thing, dispose) {
    this.#things.push(() => dispose(thing))
    return thing
  }
  defer(dispose) {
    this.#things.push(dispose)
  }
  move() {
    const moved = new AsyncDisposableStack()
    moved.#things = this.#things
    this.#things = []
    return moved
  }
  async disposeAsync() {
    for (let dispose = this.#things.pop(); dispose; dispose = this.#things.pop()) await dispose()
  }
  [Symbol.asyncDispose]() {
    return this.disposeAsync()
  }
}
globalThis.AsyncDisposableStack ??= AsyncDisposableStack
Object.defineProperty(process, 'versions', {value: {...process.versions, node: '24.0.0'}})
