/** What is used of libraries that come without types for it. */

declare module 'yauzl' {
  import type {Readable} from 'node:stream'

  export interface Entry {
    readonly compressedSize: number
    readonly uncompressedSize: number
    readonly compressionMethod: number
    readonly externalFileAttributes: number
    readonly generalPurposeBitFlag: number
    readonly fileNameRaw: Buffer
    readonly extraFields: readonly {readonly id: number; readonly data: Buffer}[]
    isEncrypted(): boolean
  }

  export interface ZipFile {
    readonly entryCount: number
    eachEntry(): AsyncIterable<Entry>
    openReadStreamPromise(entry: Entry): Promise<Readable>
  }

  const yauzl: {
    fromBufferPromise(buffer: Buffer, options: {readonly decodeStrings: false}): Promise<ZipFile>
    getFileNameLowLevel(flags: number, name: Buffer, extraFields: Entry['extraFields'], strict: boolean): string
  }
  export default yauzl
}

declare module 'xz-decompress' {
  const library: {
    readonly XzReadableStream: new (packed: ReadableStream<Uint8Array>) => ReadableStream<Uint8Array>
  }
  export default library
}
