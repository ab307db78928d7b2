import {promisify} from 'node:util'
import {constants, gzip} from 'node:zlib'

const compress = promisify(gzip)

/** One exposition, as all scrapers of the moment get it. It is compressed for the first one that takes it so. */
export class Page {
  readonly plain: Buffer
  private compressed: Promise<Buffer> | undefined

  constructor(text: string) {
    this.plain = Buffer.from(text)
  }

  /** Lines are much alike: more effort saves little. */
  gzipped(): Promise<Buffer> {
    this.compressed ??= compress(this.plain, {level: constants.Z_BEST_SPEED})
    return this.compressed
  }
}
