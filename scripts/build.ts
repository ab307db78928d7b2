/**
 * Bundles the executables into dist/, or the folder given, and beside them koffi's native parts, the manifests, and the
 * libraries that went in: their licences, and the list of them that scanners read.
 *
 *   build.ts [FOLDER] [--native PLATFORM,...]     PLATFORM: as Node names it, linux-x64; without it, those whose part is installed
 */
import {chmod, cp, mkdir, rm, writeFile} from 'node:fs/promises'
import {join, resolve} from 'node:path'
import {parseArgs} from 'node:util'
import {build} from 'rolldown'
import {billOfMaterials, bundledPackages, licenseTexts} from './materials/bundled-packages.ts'
import {copyNativeParts} from './platforms/native-parts.ts'

const root = join(import.meta.dirname, '..')
const {values, positionals} = parseArgs({allowPositionals: true, options: {native: {type: 'string'}}})
const out = resolve(positionals[0] ?? join(root, 'dist'))
await rm(out, {recursive: true, force: true})
await mkdir(out)

/**
 * Libraries that oclif loads at every start, and needs only for plugins in files, for spinners and to tell WSL from Linux.
 * Our verbs are in memory; without these libraries the program starts in four fifths of the time. Then there is Ink's, for those who
 * develop screens with it, and those of Kubernetes' client for requests, files and logins, of which we use nothing: two thirds of what it loads.
 */
const unneeded =
  /^(?:lilconfig|minimatch|semver|tinyglobby|wsl-utils|react-devtools-core|undici|js-yaml|jsonpath-plus|openid-client)$/
const EMPTY = '\0empty'
/** On a terminal oclif looks for its spinner, turning or not. */
const SPINNERS = '\0spinners'
/** oclif shortens stacks by it, which nothing here prints so; it asks for the user's home when it is loaded, which not every user has. */
const STACKS = '\0stacks'
/** Of Prometheus' client what writes a page, without OpenTelemetry and the metrics of the process itself. */
const EXPOSITION = '\0exposition'
/**
 * Node reads all that `node:http` exports when a module imports it, its WebSocket among that, and so loads another HTTP client: 40 ms of a
 * processor and 16 MB. Taken like this nothing is read but what is used.
 */
const HTTP = '\0http'
const httpNames =
  'Agent, ClientRequest, IncomingMessage, METHODS, STATUS_CODES, Server, ServerResponse, createServer, get, request'
const contents: Readonly<Record<string, string>> = {
  [EMPTY]: 'module.exports = {}',
  [EXPOSITION]:
    "exports.Gauge = require('@prometheus-io/client/lib/gauge'); exports.Registry = require('@prometheus-io/client/lib/registry')",
  [HTTP]: `const http = process.getBuiltinModule('node:http')\nexport default http\nexport const {${httpNames}} = http`,
  [STACKS]: 'module.exports = stack => stack',
  [SPINNERS]: "const still = {frames: ['']}; module.exports = {dots2: still, line: still}",
}
const replaced = new Map([
  ['cli-spinners', SPINNERS],
  ['clean-stack', STACKS],
  ['node:http', HTTP],
  ['@prometheus-io/client', EXPOSITION],
])
const leaveOut = {
  name: 'leave-out',
  resolveId: (id: string) => (unneeded.test(id) ? EMPTY : (replaced.get(id) ?? null)),
  load: (id: string) => contents[id] ?? null,
}

/**
 * Yoga, which lays out Ink's screens, carries its program as a data URL, and asks for it by `fetch`: that loads all of Node's HTTP client.
 * Without one it decodes the URL itself.
 */
const withoutFetch = {
  name: 'without-fetch',
  transform: {
    filter: {id: /yoga-layout\/dist\/binaries\//},
    handler: (code: string) => code.replaceAll('typeof fetch', '"none"'),
  },
}

/** The completer's name is what kubectl looks for. */
const executables = ['kubectl-npm', 'kubectl_complete-npm', 'npm-agent']

const result = await build({
  cwd: root,
  // koffi looks for its native part from the folder that it lies in: ../../build/koffi.
  input: {...Object.fromEntries(executables.map(name => [name, `bin/${name}.ts`])), 'koffi/koffi': 'koffi/indirect'},
  platform: 'node',
  logLevel: 'warn',
  plugins: [leaveOut, withoutFetch],
  transform: {target: 'node22', define: {'process.env.NODE_ENV': '"production"'}},
  output: {
    dir: out,
    format: 'esm',
    entryFileNames: 'lib/[name].js',
    chunkFileNames: 'lib/[name]-[hash].js',
    minify: true,
    banner: '',
  },
})

/** kubectl finds plugins by file name, which may have no ending; Node takes such a file for a module by dist/package.json. */
for (const name of executables) {
  const file = join(out, name)
  await writeFile(file, `#!/usr/bin/env node\nimport './lib/${name}.js'\n`)
  await chmod(file, 0o755)
  // Windows takes for a program what has an ending that it knows.
  await writeFile(`${file}.cmd`, `@node "%~dp0${name}" %*\r\n`)
}
await writeFile(join(out, 'package.json'), '{"type": "module"}\n')
await copyNativeParts(join(out, 'build', 'koffi'), values.native?.split(','))
// `kubectl npm install` renders them.
await cp(join(root, 'manifests', 'base'), join(out, 'manifests', 'base'), {recursive: true})
// People apply it by kubectl.
const windows = join('manifests', 'overlays', 'windows')
await cp(join(root, windows), join(out, windows), {recursive: true})

const modules = new Set(result.output.flatMap(chunk => (chunk.type === 'chunk' ? chunk.moduleIds : [])))
const packages = await bundledPackages(modules)
await writeFile(join(out, 'THIRD-PARTY-LICENSES.txt'), licenseTexts(packages))
await writeFile(join(out, 'sbom.cdx.json'), `${JSON.stringify(billOfMaterials(packages), undefined, 2)}\n`)
