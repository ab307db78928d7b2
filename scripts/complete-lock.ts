/**
 * Completes package-lock.json with the packages of other platforms.
 *
 * Tools with native parts name one optional package for each platform. Where the registry at hand lacks some of them,
 * `npm install` leaves them out of the lock file, and `npm ci` then refuses the lock file as incomplete. Only the ones of the
 * platform at hand are ever downloaded, so naming the others is enough. Run it after every `npm install`.
 */
import {readFile, writeFile} from 'node:fs/promises'

interface LockedPackage {
  readonly version: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const file = new URL('../package-lock.json', import.meta.url)
const lock: {packages: Record<string, LockedPackage>} = JSON.parse(await readFile(file, 'utf8'))

const PLATFORM =
  /(android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)-(arm64|arm|ia32|loong64|ppc64|riscv64|s390x|x64)/

/** What npm compares with the machine, told by the package's name. */
function platformOf(name: string): {cpu: string[]; os?: string[]; libc?: string[]} {
  if (name.includes('wasm32')) return {cpu: ['wasm32']}
  const [, os, cpu] = PLATFORM.exec(name) ?? []
  if (os === undefined || cpu === undefined) throw new Error(`package-lock.json: which platform is ${name} for?`)
  const libc = os !== 'linux' ? undefined : name.includes('musl') ? 'musl' : 'glibc'
  return {cpu: [cpu], os: [os], ...(libc !== undefined && {libc: [libc]})}
}

/** Where Node would find a package that the one at `path` asks for: in its own folder, else further up. */
function found(path: string, name: string): LockedPackage | undefined {
  const own = lock.packages[`${path}/node_modules/${name}`]
  if (own) return own
  const above = path.lastIndexOf('/node_modules/')
  return above < 0 ? lock.packages[`node_modules/${name}`] : found(path.slice(0, above), name)
}

let added = 0
for (const [path, {optionalDependencies = {}}] of Object.entries(lock.packages))
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const known = found(path, name)
    if (!/^\d/.test(version) || known?.version === version) continue
    // The upper folder may hold another version for somebody else.
    const place = known ? `${path}/node_modules/${name}` : `node_modules/${name}`
    lock.packages[place] = {version, ...platformOf(name), dev: true, optional: true} as LockedPackage
    added++
  }

const [root, ...rest] = Object.entries(lock.packages)
lock.packages = Object.fromEntries([...(root ? [root] : []), ...rest.toSorted(([a], [b]) => (a < b ? -1 : 1))])
await writeFile(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`package-lock.json: ${added} packages of other platforms added`)
