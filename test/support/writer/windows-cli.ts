import {openHns} from '../../../agent/hns/open-hns.ts'
import {setNodeSource} from '../../../agent/node/node-source.ts'
import type {Run} from '../../../agent/node/run.ts'
import {servedHns} from '../hns/served.ts'

/*
 * The plugin as it is on a Windows node, whose HNS another process emulates, at the socket HNS_SOCKET. No process of Azure NPM runs there, but where
 * NPM_RUNS is set.
 */

const run: Run = async command => ({
  command,
  end: 'ok',
  failure: '',
  stdout: Buffer.from(process.env['NPM_RUNS'] ? '"npm.exe","1","Services","0","1 K"' : 'INFO: No tasks'),
  durationMs: 0,
})
setNodeSource({run, hns: openHns(servedHns({path: process.env['HNS_SOCKET'] ?? ''}), {callMs: 20_000})})
await import(new URL('../../../bin/kubectl-npm.ts', import.meta.url).href)
process.exit()
