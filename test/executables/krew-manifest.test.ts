import {expect, test} from 'vitest'
import {parse} from 'yaml'
import packageFacts from '../../package.json' with {type: 'json'}
import {krewManifest} from '../../scripts/executables/krew-manifest.ts'
import {platforms} from '../../scripts/executables/platforms.ts'

/** What krew asks of a manifest. Source: krew v0.4.3, internal/index/validation/validate.go, and pkg/index/types.go. */

interface Manifest {
  apiVersion: string
  kind: string
  metadata: {name: string}
  spec: {
    version: string
    shortDescription: string
    description: string
    caveats: string
    platforms: {selector: {matchLabels: {os: string; arch: string}}; uri: string; sha256: string; bin: string}[]
  }
}

const sum = (index: number) => String(index).repeat(64)
const archives = platforms.map((platform, index) => ({
  platform,
  uri: `https://files.example/${platform.name}.tar.gz`,
  sha256: sum(index),
}))
const manifest: Manifest = parse(krewManifest(packageFacts.version, packageFacts.description, archives))

test('a krew manifest says what it is in the form that krew takes', () => {
  const {apiVersion, kind, metadata, spec} = manifest
  expect({apiVersion, kind, name: metadata.name}).toEqual({
    apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
    kind: 'Plugin',
    name: 'npm',
  })
  expect(spec.version).toBe(`v${packageFacts.version}`)
  expect(spec.version).toMatch(/^v\d+\.\d+\.\d+(?:-[\w.]+)?$/)
  // A list has one line for each plugin.
  expect(spec.shortDescription).toMatch(/^.{1,50}$/)
  expect(spec.caveats).toContain('kubectl npm completion --install')
})

test('each system has its archive, chosen by words that krew knows, and its program', () => {
  expect(
    manifest.spec.platforms.map(({selector, ...rest}) => ({
      selector,
      ...rest,
      name: Object.values(selector.matchLabels).join('-'),
    })),
  ).toEqual(
    archives.map(({platform, uri, sha256}) => ({
      selector: {
        matchLabels: {os: expect.stringMatching(/^(?:linux|darwin|windows)$/), arch: expect.stringMatching(/^a(?:md|rm)64$/)},
      },
      uri,
      sha256,
      bin: platform.name.startsWith('windows') ? 'kubectl-npm.exe' : 'kubectl-npm',
      name: platform.name,
    })),
  )
})

test('sums that YAML could take for numbers stay words', () => {
  const exponent = `1e${'2'.repeat(62)}`
  const [first] = archives
  if (!first) throw new Error('there is no platform')
  for (const sha256 of [exponent, sum(0), sum(7)]) {
    const {spec}: Manifest = parse(krewManifest('1.2.3', 'x', [{...first, sha256}]))
    expect(spec.platforms[0]?.sha256).toBe(sha256)
  }
})
