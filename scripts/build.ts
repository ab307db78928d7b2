/**
 * Bundles the executables into dist/, or the folder given, and beside them koffi's native parts, the manifests, and the
 * libraries that went in: their licences, and the list of them that scanners read.
 *
 *   build.ts [FOLDER] [--native PLATFORM,...] [--executable]
 *
 * PLATFORM: as Node names it, linux-x64; without it, those whose part is installed. With --executable, what single executables are made of.
 */
import {chmod, cp, mkdir, rm, writeFile} from 'node:fs/promises'
import {join, resolve} from 'node:path'
import {build} from 'rolldown'
import {loadOclifLazily} from './bundling/lazy-oclif.ts'
import {leaveOut} from './bundling/left-out.ts'
import {loadScreensAtOnce} from './bundling/screen-libraries.ts'
import {billOfMaterials, bundledPackages, licenseTexts} from './materials/bundled-packages.ts'
import {scriptOptions} from './options/script-options.ts'
import {copyNativeParts} from './platforms/native-parts.ts'

const root = join(import.meta.dirname, '..')
const {values, positionals} = scriptOptions('npm run build -- [FOLDER] [--native PLATFORM,...] [--executable]', {
  allowPositionals: true,
  options: {native: {type: 'string'}, executable: {type: 'boolean', default: false}},
})
const out = resolve(positionals[0] ?? join(root, 'dist'))
await rm(out, {recursive: true, force: true})
await mkdir(out)

/** The completer's name is what kubectl looks for. */
const programs = ['kubectl-npm', 'kubectl_complete-npm', 'npm-agent']
const entries = values.executable ? ['executable'] : programs

const result = await build({
  cwd: root,
  // koffi looks for its native part from the folder that it lies in: ../../build/koffi.
  input: {...Object.fromEntries(entries.map(name => [name, `bin/${name}.ts`])), 'koffi/koffi': 'koffi/indirect'},
  platform: 'node',
  logLevel: 'warn',
  plugins: [leaveOut, loadOclifLazily, loadScreensAtOnce],
  transform: {target: 'node22', define: {'process.env.NODE_ENV': '"production"'}},
  output: {
    dir: out,
    format: values.executable ? 'cjs' : 'esm',
    exports: 'named',
    entryFileNames: 'lib/[name].js',
    chunkFileNames: 'lib/[name]-[hash].js',
    minify: true,
    banner: '',
  },
})

if (!values.executable) await writePrograms()
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

/** kubectl finds plugins by file name, which may have no ending; Node takes such a file for a module by dist/package.json. */
async function writePrograms(): Promise<void> {
  for (const name of programs) {
    const file = join(out, name)
    await writeFile(file, `#!/usr/bin/env node\nimport './lib/${name}.js'\n`)
    await chmod(file, 0o755)
    // Windows takes for a program what has an ending that it knows.
    await writeFile(`${file}.cmd`, `@node "%~dp0${name}" %*\r\n`)
  }
  await writeFile(join(out, 'package.json'), '{"type": "module"}\n')
}
