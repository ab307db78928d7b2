import {cp, mkdir, mkdtemp, rm, symlink, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import type {DumpManifest} from '../../core/contract/dump.ts'
import {DUMP_FORMAT} from '../../core/contract/dump-format.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import {diagramSvg} from './diagram-svg.ts'
import {packetPath} from './packet-path.ts'
import {screenSvg} from './screen-svg.ts'
import {type Run, readTerminalText, wrapped} from './terminal-text.ts'
import {lastScreen} from './top-screen.ts'

const path = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url))

interface Picture {
  readonly name: string
  /** Behind `kubectl npm`, in a folder with the dumps. */
  readonly args: readonly string[]
  readonly columns: number
  /** Rows that are shown; below them stands an ellipsis. */
  readonly rows?: number
}

/** A dump of captures: of which folders of test/fixtures its nodes are, and which file there has its cluster. */
interface PicturedDump {
  readonly folder: string
  readonly cluster: string
  readonly nodes: Readonly<Record<string, string>>
}

const dumps: readonly PicturedDump[] = [
  {
    folder: 'bakery',
    cluster: 'two-nodes/cluster.yaml',
    nodes: {'aks-oven-0': 'two-nodes/aks-oven-0', 'aks-oven-1': 'two-nodes/aks-oven-1'},
  },
]
const TAKEN_AT = '2026-11-30T12:00:00Z'

const pictures: readonly Picture[] = [
  {
    name: 'trace',
    args: ['trace', 'shop/web-1', 'shop/api-0', '--port', '8080', '--from', 'examples/shop'],
    columns: 112,
    rows: 9,
  },
  {name: 'diff', args: ['diff', 'examples/shop'], columns: 112, rows: 27},
  {name: 'policies', args: ['policies', '--from', 'bakery/'], columns: 132},
]

export interface DrawnPicture {
  readonly url: URL
  readonly svg: string
}

/** Draws diagrams, and what the plugin prints of captures: the same on every machine and at any time. */
export async function drawPictures(): Promise<DrawnPicture[]> {
  const folder = await mkdtemp(join(tmpdir(), 'kubectl-npm-pictures-'))
  try {
    for (const dump of dumps) await writeDump(folder, dump)
    await symlink(path('examples'), join(folder, 'examples'))
    const diagram = {url: pictureUrl('packet-path'), svg: diagramSvg(packetPath)}
    return [diagram, ...(await Promise.all([drawTop(), ...pictures.map(picture => draw(picture, folder))]))]
  } finally {
    await rm(folder, {recursive: true, force: true})
  }
}

const TOP = {columns: 104, rows: 28}

/** `top` as it was recorded: see record-top.ts. */
async function drawTop(): Promise<DrawnPicture> {
  const text = await lastScreen(path('test/fixtures/pictures/top.jsonl'), TOP)
  const svg = screenSvg({command: 'kubectl npm top --node aks-oven-0', lines: readTerminalText(text), columns: TOP.columns})
  return {url: pictureUrl('top'), svg}
}

const pictureUrl = (name: string): URL => new URL(`../../docs/pictures/${name}.svg`, import.meta.url)

const DOCUMENTS = {'iptables-nft-save.txt': 'iptables-save.txt', 'ipset-save.txt': 'ipset-save.txt'} as const

async function writeDump(target: string, {folder, cluster, nodes}: PicturedDump): Promise<void> {
  for (const [node, capture] of Object.entries(nodes)) {
    await mkdir(join(target, folder, 'nodes', node), {recursive: true})
    for (const [file, captured] of Object.entries(DOCUMENTS))
      await cp(path(`test/fixtures/${capture}/${captured}`), join(target, folder, 'nodes', node, file))
  }
  await cp(path(`test/fixtures/${cluster}`), join(target, folder, 'cluster.json'))
  const manifest = {
    apiVersion: API_VERSION,
    kind: 'Dump',
    formatVersion: DUMP_FORMAT,
    id: folder,
    takenAt: TAKEN_AT,
    version: '0.1.0',
    redacted: false,
    nodes: Object.keys(nodes).map(name => ({
      name,
      folder: `nodes/${name}`,
      takenAt: TAKEN_AT,
      documents: Object.keys(DOCUMENTS),
    })),
    failures: [],
  } satisfies DumpManifest
  await writeFile(join(target, folder, 'dump.json'), JSON.stringify(manifest))
}

async function draw({name, args, columns, rows}: Picture, folder: string): Promise<DrawnPicture> {
  const {stdout} = await execa(process.execPath, [path('bin/kubectl-npm.ts'), ...args, '--color', 'always'], {
    cwd: folder,
    reject: false,
    env: {KUBECONFIG: '/no/such/kubeconfig', KUBERNETES_SERVICE_HOST: ''},
  })
  if (stdout === '') throw new Error(`${args.join(' ')} printed nothing`)
  const all = wrapped(readTerminalText(stdout), columns)
  const more: Run[] = [{text: '…', style: {isDim: true}}]
  const lines = rows !== undefined && all.length > rows ? [...all.slice(0, rows), more] : all
  const svg = screenSvg({command: ['kubectl npm', ...args].join(' '), lines, columns})
  return {url: pictureUrl(name), svg}
}
