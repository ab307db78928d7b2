/*
 * Where an executable starts: Node runs this file from the folder in memory that the bundle lies in, too. It is all programs at
 * once, by the name that it is called by; `__complete` as the first word asks for what a shell could put in place of a word, where
 * only one file is installed.
 */
import {registerHooks} from 'node:module'

// Modules of the bundle name each other by their files. Node would look for each file and for a package.json above it first, which in
// memory costs a fifth of the start.
registerHooks({
  resolve: (specifier, context, next) =>
    specifier.startsWith('./')
      ? {url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true}
      : next(specifier, context),
})

const [, name] = /([^/\\]*?)(?:\.exe)?$/i.exec(process.argv0)
const isCompleting = process.argv[2] === '__complete'
if (isCompleting) process.argv.splice(2, 1)

if (isCompleting || name === 'kubectl_complete-npm') await import('./lib/kubectl_complete-npm.js')
else if (name === 'npm-agent') await import('./lib/npm-agent.js')
else await import('./lib/kubectl-npm.js')
