/*
 * Starts a real cluster of two nodes with a few pods and policies, and keeps it until Ctrl-C: npm run cluster (as root)
 *
 * Arguments are docker archives of images that both nodes get: npm run cluster -- agent.tar
 */
import {existsSync} from 'node:fs'
import {chmod, mkdir, writeFile} from 'node:fs/promises'
import {join, resolve} from 'node:path'
import {fileURLToPath} from 'node:url'
import type {LinuxProgram} from '../../../core/linux/npm/program.ts'
import {scriptOptions} from '../../../scripts/options/script-options.ts'
import {applyDemo, DEMO_PORT} from './demo.ts'
import {keepProgrammed, programNodes} from './program-nodes.ts'
import {type Cluster, startCluster} from './real-cluster.ts'
import {missingForCluster} from './requirements.ts'

/** The bundle, and the Node that comes with this repository. */
const OURS = ['dist', 'node_modules/.bin'].map(folder => fileURLToPath(new URL(`../../../${folder}`, import.meta.url)))

/** A command for each node that runs another one there: `node1 ipset list`. Returns their folder. */
async function writeCommands({folder, nodes}: Cluster): Promise<string> {
  const bin = join(folder, 'bin')
  await mkdir(bin)
  for (const {name, enter} of nodes) {
    const file = join(bin, name)
    await writeFile(file, `#!/bin/sh\nexec ${enter.join(' ')} "$@"\n`)
    await chmod(file, 0o755)
  }
  return bin
}

async function howToUse(cluster: Cluster, program: LinuxProgram): Promise<string> {
  const bin = await writeCommands(cluster)
  const [oven, till] = await Promise.all([cluster.pod('bakery', 'oven-2'), cluster.pod('storefront', 'till')])
  const set = [...program.sets.values()].find(({name}) => name === 'podlabel-app:till')
  return `
In another terminal, as root:

  export KUBECONFIG=${cluster.kubeconfig} KUBECACHEDIR=${cluster.env.KUBECACHEDIR}
  export PATH=${[bin, ...OURS].join(':')}:$PATH

  kubectl get pods,networkpolicies --all-namespaces --output wide
  kubectl exec -n storefront till -- nc -w 2 ${oven.ip} ${DEMO_PORT}   # answers: bakery/oven allows it
  kubectl exec -n street guest -- nc -w 2 ${oven.ip} ${DEMO_PORT}      # times out: bakery/closed

node1 and node2 run a command on that node, with iptables-nft and with iptables-legacy. Break something there, see that the till
gets no answer any more, and find out why (after npm run build):

  node2 ipset del ${set?.kernelName} ${till.ip}
  kubectl get pods,namespaces,networkpolicies -A -o json | node2 kubectl-npm diff --local --from -

With the agent's image (npm run image, then npm run cluster -- the archive it names) from here, as from a laptop:

  kubectl npm install
  kubectl npm diff
  kubectl npm trace storefront/till bakery/oven-2 --port ${DEMO_PORT}
`
}

async function run(archives: readonly string[]): Promise<void> {
  console.error('starting a cluster of two nodes; the very first one builds its programs')
  await using cluster = await startCluster({images: archives.map(each => resolve(each))})
  await applyDemo(cluster)
  const program = await programNodes(cluster)
  console.log(await howToUse(cluster, program))
  console.log('Ctrl-C ends it, and leaves nothing behind.')
  const end = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => end.abort())
  await keepProgrammed(cluster, program, end.signal)
  console.error('ending the cluster')
}

const {positionals} = scriptOptions('npm run cluster -- [ARCHIVE...]     docker archives of images that both nodes get', {
  allowPositionals: true,
})
const lost = positionals.find(file => !existsSync(file))
const obstacle = lost === undefined ? missingForCluster() : `there is no archive ${lost}`
if (obstacle === undefined) {
  await run(positionals)
} else {
  console.error(`error: cannot start a cluster: ${obstacle}`)
  process.exitCode = 2
}
