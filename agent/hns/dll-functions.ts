import {existsSync} from 'node:fs'
import type koffiLibrary from 'koffi/indirect'
import type {LibraryHandle, out, TypeObject} from 'koffi/indirect'
import {HnsFailure} from './failure.ts'
import {functionName, type HnsAnswer, type HnsFunctions, type HnsObject} from './functions.ts'
import {systemFile} from './system-folder.ts'

type Koffi = typeof koffiLibrary
type KoffiFunction = ReturnType<LibraryHandle['func']>
type Parameter = Parameters<typeof out>[0]

/** ERROR_MOD_NOT_FOUND as an HRESULT. */
const MODULE_NOT_FOUND = 0x80_07_00_7e

/**
 * The functions of computenetwork.dll and vmcompute.dll, called in this process. Each call runs on another thread: HNS may take half a
 * minute for one. Each text that Windows gives is copied and released.
 *
 * @throws HnsFailure when computenetwork.dll, or what calls it, cannot be loaded
 * Source: computenetwork.h; strings are released by CoTaskMemFree
 */
export async function dllFunctions(): Promise<HnsFunctions> {
  const {koffi, computeNetwork, types} = await loaded()
  const declare = (verb: Parameters<typeof functionName>[0], object: HnsObject, parameters: Parameter[]) =>
    computeNetwork.func('__stdcall', functionName(verb, object), 'int32_t', parameters)
  const [text, handle] = [koffi.out(koffi.pointer(types.text)), koffi.out(koffi.pointer('void *'))]
  const declared = (object: HnsObject) => ({
    enumerate: declare('enumerate', object, ['str16', text, text]),
    open: declare('open', object, [koffi.pointer(types.guid), handle, text]),
    query: declare('query', object, ['void *', 'str16', text, text]),
    modify: declare('modify', object, ['void *', 'str16', text]),
    close: declare('close', object, ['void *']),
  })
  const functions = {network: declared('network'), endpoint: declared('endpoint')}
  let hnsCall: KoffiFunction | undefined

  return {
    way: 'computenetwork.dll',
    async enumerate(object, query) {
      const [result, record] = [slot(), slot()]
      const hresult = await called(functions[object].enumerate, query, result, record)
      return answer(hresult, record, result)
    },
    async open(object, guid) {
      const [opened, record]: [[bigint | null], Slot] = [[null], slot()]
      const hresult = await called(functions[object].open, guidOf(guid), opened, record)
      return {...answer(hresult, record), handle: opened[0] ?? undefined}
    },
    async query(object, of, query) {
      const [result, record] = [slot(), slot()]
      const hresult = await called(functions[object].query, of, query, result, record)
      return answer(hresult, record, result)
    },
    async modify(object, of, request) {
      const record = slot()
      return answer(await called(functions[object].modify, of, request, record), record)
    },
    async close(object, of) {
      return {hresult: await called(functions[object].close, of)}
    },
    async call(method, path, request) {
      hnsCall ??= declareHnsCall(koffi, types.text)
      const result = slot()
      return answer(await called(hnsCall, method, path, request, result), undefined, result)
    },
  }
}

interface Loaded {
  readonly koffi: Koffi
  readonly computeNetwork: LibraryHandle
  readonly types: {readonly text: TypeObject; readonly guid: TypeObject}
}

async function loaded(): Promise<Loaded> {
  let koffi: Koffi
  try {
    // Here and not above: on Linux nothing of it is loaded.
    koffi = (await import('koffi/indirect')).default
  } catch (error) {
    throw new HnsFailure({
      call: 'koffi',
      text: `the library that calls computenetwork.dll cannot be loaded: ${(error as Error).message}`,
      next: 'Use the image of the agent, or a bundle made for Windows: npm run build -- --native win32-x64',
    })
  }
  const computeNetwork = load(koffi, 'computenetwork.dll')
  const release = koffi.load(systemFile('ole32.dll')).func('__stdcall', 'CoTaskMemFree', 'void', ['void *'])
  const text = koffi.disposable('char16_t *', (pointer: unknown) => void release(pointer))
  const guid = koffi.struct({Data1: 'uint32_t', Data2: 'uint16_t', Data3: 'uint16_t', Data4: koffi.array('uint8_t', 8)})
  return {koffi, computeNetwork, types: {text, guid}}
}

function load(koffi: Koffi, name: string): LibraryHandle {
  const file = systemFile(name)
  try {
    return koffi.load(file)
  } catch (error) {
    if (!existsSync(file)) throw new HnsFailure({call: name, hresult: MODULE_NOT_FOUND})
    throw new HnsFailure({call: name, text: `it cannot be loaded: ${(error as Error).message.trim()}`, next: `Look at ${file}.`})
  }
}

/** It is of the first interface of HNS, of which little is needed. */
const declareHnsCall = (koffi: Koffi, text: TypeObject): KoffiFunction =>
  load(koffi, 'vmcompute.dll').func('__stdcall', 'HNSCall', 'int32_t', [
    'str16',
    'str16',
    'str16',
    koffi.out(koffi.pointer(text)),
  ])

/** Where a function puts a text. */
type Slot = [string | null]
const slot = (): Slot => [null]

/** @returns the HRESULT, unsigned */
function called(declared: KoffiFunction, ...parameters: readonly unknown[]): Promise<number> {
  return new Promise((resolve, reject) => {
    declared.async(...parameters, (error: Error | null, hresult: number) => (error ? reject(error) : resolve(hresult >>> 0)))
  })
}

const answer = (hresult: number, record?: Slot, result?: Slot): HnsAnswer => ({
  hresult,
  result: result?.[0] ?? undefined,
  errorRecord: record?.[0] ?? undefined,
})

/** @throws HnsFailure for a text that is no GUID: E_INVALIDARG */
function guidOf(text: string): {Data1: number; Data2: number; Data3: number; Data4: number[]} {
  const [, first = '', second = '', third = '', rest = ''] =
    /^\{?([\da-f]{8})-([\da-f]{4})-([\da-f]{4})-([\da-f]{4}-[\da-f]{12})\}?$/i.exec(text) ?? []
  if (rest === '') throw new HnsFailure({call: text, hresult: 0x80_07_00_57, text: 'it is no GUID'})
  return {
    Data1: Number.parseInt(first, 16),
    Data2: Number.parseInt(second, 16),
    Data3: Number.parseInt(third, 16),
    Data4: [...Buffer.from(rest.replace('-', ''), 'hex')],
  }
}
