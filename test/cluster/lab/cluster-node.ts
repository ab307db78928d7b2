import {execa} from 'execa'
import {type Output, outputOf, type RunOptions} from './access.ts'
import type {NodeAddresses} from './addresses.ts'
import type {Backend} from './node-files.ts'
import type {Switches} from './switches.ts'

/** The programs of a node. */
export type NodeProgram = 'containerd' | 'kubelet' | 'kube-proxy'

/** A node of a real cluster: its own processes, mounts, network, host name. */
export interface ClusterNode extends NodeAddresses {
  readonly backend: Backend
  /** Its first process, as this process numbers it: for `nsenter`. */
  readonly init: number
  /**
   * Runs one of this machine's programs on the node, as root. It is killed with the one who runs it.
   *
   * @throws execa's error, with the program's last words, when it ends with another code than 0 (unless `allowFailure`)
   */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<Output>
  /** The same as words to put before a command, for who starts processes himself. */
  readonly enter: readonly string[]
  /** Kills a program, which then stays away. Pods go on. */
  stop(program: NodeProgram): Promise<void>
  start(program: NodeProgram): Promise<void>
  /** Gives the node an image, a docker archive. */
  importImage(archive: string): Promise<void>
}

export function clusterNode(addresses: NodeAddresses, backend: Backend, init: number, switches: Switches): ClusterNode {
  const namespaces = ['--mount', '--net', '--pid', '--uts', '--ipc']
  // nsenter forks, and what it starts would outlive it.
  const enter = ['nsenter', '--target', String(init), ...namespaces, '--', 'setpriv', '--pdeathsig', 'KILL', '--']
  return {
    ...addresses,
    backend,
    init,
    enter,
    run: (command, args, options) => run([...enter, command, ...args], options),
    stop: program => switches.stop(`${program}-${addresses.name}`, init),
    start: program => switches.start(`${program}-${addresses.name}`),
    async importImage(archive) {
      // By standard input: the node may not see the file where this process does.
      const [command, ...args] = [...enter, 'ctr', '--namespace', 'k8s.io', 'images', 'import', '-']
      await execa(command, args, {inputFile: archive})
    },
  }
}

/** Runs a command given as words. */
async function run(words: readonly string[], {input = '', allowFailure = false}: RunOptions = {}): Promise<Output> {
  const [command = '', ...args] = words
  const result = await execa(command, args, {input, reject: !allowFailure, stripFinalNewline: false, env: {LC_ALL: 'C'}})
  return outputOf(words.join(' '), result)
}
