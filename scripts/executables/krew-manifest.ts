import {stringify} from 'yaml'
import type {Platform} from './platforms.ts'

/** An archive that krew can fetch. */
export interface Archive {
  readonly platform: Pick<Platform, 'name' | 'program'>
  readonly uri: string
  /** In hex. */
  readonly sha256: string
}

/**
 * Makes the manifest by which krew installs the plugin, for an index of one's own.
 *
 * @param version without a v, as package.json has it
 * @returns the text of npm.yaml; krew wants the file to have the plugin's name
 * Source: krew's pkg/index/types.go and internal/index/validation
 */
export const krewManifest = (version: string, description: string, archives: readonly Archive[]): string =>
  stringify({
    apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
    kind: 'Plugin',
    metadata: {name: 'npm'},
    spec: {
      version: `v${version}`,
      shortDescription: 'Understand and repair Azure NPM on the node',
      description: `${description}.\n`,
      caveats:
        'krew puts kubectl-npm alone on PATH. For shell completion:\n  kubectl npm completion --install\n' +
        'and before the plugin is uninstalled:\n  kubectl npm completion --uninstall\n',
      platforms: archives.map(({platform, uri, sha256}) => {
        const [os, arch] = platform.name.split('-')
        return {selector: {matchLabels: {os, arch}}, uri, sha256, bin: platform.program}
      }),
    },
  })
