import {documentFiles, documentRow} from '../../core/contract/node-documents.ts'
import {dumpFiles} from '../../core/dump/layout.ts'
import type {Redaction} from '../../core/redact/redaction.ts'

/** What is run or asked for a document, as its reader says it. */
function commandsOf(file: string): readonly string[] {
  const {tool, page, commands = []} = documentRow(file) ?? {}
  return [...commands, ...(tool === undefined ? [] : [tool]), ...(page === undefined ? [] : [`http://127.0.0.1:10091${page}`])]
}

/** What our own lines are made of, and what a redaction would take for somebody's names. */
const OWN_WORDS = [
  ...documentFiles,
  dumpFiles.manifest,
  dumpFiles.log,
  dumpFiles.services,
  'GET /api/v1/services',
  'GET /apis/discovery.k8s.io/v1/endpointslices',
  'kubectl npm',
  'npm-agent',
  'begins to collect',
  'put together from files',
  'this machine',
  ...documentFiles.flatMap(commandsOf),
  'GET /api/v1/namespaces/kube-system/pods',
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
