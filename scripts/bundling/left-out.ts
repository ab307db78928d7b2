import type {Plugin} from 'rolldown'

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

/** Leaves out of a bundle what libraries ask for and nothing here needs. */
export const leaveOut: Plugin = {
  name: 'leave-out',
  resolveId: id => (unneeded.test(id) ? EMPTY : (replaced.get(id) ?? null)),
  load: id => contents[id] ?? null,
}
