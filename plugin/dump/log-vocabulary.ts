import {nodeDocuments} from '../../core/contract/node-documents.ts'
import {dumpFiles, podLogs} from '../../core/dump/layout.ts'
import type {Redaction} from '../../core/redact/redaction.ts'

/** What our own lines are made of, and what a redaction would take for somebody's names. */
const OWN_WORDS = [
  ...nodeDocuments,
  ...podLogs,
  dumpFiles.manifest,
  dumpFiles.log,
  'kubectl npm',
  'npm-agent',
  'begins to collect',
  'put together from files',
  'this machine',
  'iptables-nft-save -c',
  'iptables-legacy-save -c',
  'iptables-save -c',
  'ipset save',
  'ipset list -t',
  'conntrack -C',
  'uname -a',
  'GET /api/v1/namespaces/kube-system/pods',
  'http://127.0.0.1:10091/npm/v1/debug/manager',
  'http://127.0.0.1:10091/node-metrics',
  'http://127.0.0.1:10091/cluster-metrics',
  'tailLines=10000&limitBytes=16777216',
]
const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
/** Whole words only: `my-ipset-save.txt` is somebody's. */
const OWN = new RegExp(String.raw`(?<![\w./-])(${OWN_WORDS.map(escaped).join('|')}|\d+ ms)(?![\w-]|\.\w)`)

/** Redacts a line of our own making, in which our own words stay. */
export const redactLine = (redaction: Redaction, line: string): string =>
  line
    .split(OWN)
    .map((part, index) => (index % 2 === 1 ? part : redaction.text(part)))
    .join('')
