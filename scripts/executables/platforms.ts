import type {RuntimePlatform} from '../platforms/runtimes.ts'

/** A system that there is an executable for. */
export interface Platform {
  /** As people and krew name it: `linux-amd64`. */
  readonly name: string
  /** As Node names it. */
  readonly runtime: RuntimePlatform
  /** Of the executable and of the file beside it by which kubectl asks for completions. */
  readonly program: 'kubectl-npm' | 'kubectl-npm.exe'
  readonly completer: string
  /** koffi's native part in a bundle; undefined where nothing on that system is read by it. */
  readonly native?: string
}

const unix = {program: 'kubectl-npm', completer: 'kubectl_complete-npm'} as const
const windows = {program: 'kubectl-npm.exe', completer: 'kubectl_complete-npm.cmd'} as const

export const platforms: readonly Platform[] = [
  {name: 'linux-amd64', runtime: 'linux-x64', ...unix, native: 'linux_x64'},
  {name: 'linux-arm64', runtime: 'linux-arm64', ...unix, native: 'linux_arm64'},
  {name: 'darwin-amd64', runtime: 'darwin-x64', ...unix},
  {name: 'darwin-arm64', runtime: 'darwin-arm64', ...unix},
  {name: 'windows-amd64', runtime: 'win32-x64', ...windows, native: 'win32_x64'},
  // No node of a cluster: nothing there is read by koffi.
  {name: 'windows-arm64', runtime: 'win32-arm64', ...windows},
]
