import type {ClusterObjects} from '../../core/kubernetes/objects.ts'

/** Pods come and go; nobody looks at their names more often. */
const OLD_MS = 60_000

/** The objects of a cluster, read once for all nodes that are watched: a large cluster's have some ten megabytes. */
export class SharedObjects {
  private reading: Promise<ClusterObjects | undefined> | undefined
  private readMs = -Infinity

  /** @param read from whoever knows them; asked when what is known is old, by one at a time */
  current(read: () => Promise<ClusterObjects | undefined>): Promise<ClusterObjects | undefined> {
    if (this.reading && performance.now() - this.readMs < OLD_MS) return this.reading
    const reading = read()
    this.reading = reading
    this.readMs = performance.now()
    const again = () => {
      if (this.reading === reading) this.reading = undefined
    }
    // The next one asks another agent.
    reading.then(objects => objects ?? again(), again)
    return reading
  }
}
