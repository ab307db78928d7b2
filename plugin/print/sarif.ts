import {isAbsolute} from 'node:path'
import {pathToFileURL} from 'node:url'
import {type Finding, type Level, type Lint, lintCodes} from '../../core/contract/lint.ts'
import {lintRules} from '../../core/lint/codes.ts'

const SARIF_LEVELS = {error: 'error', warning: 'warning', info: 'note'} as const satisfies Record<Level, string>

/** `IPV6_BLOCK` as SARIF wants names: `Ipv6Block`. */
const ruleName = (code: string): string => code.toLowerCase().replaceAll(/(?:^|_)([a-z\d])/g, (_, letter) => letter.toUpperCase())

/**
 * Findings as a SARIF 2.1.0 log, for the tools that show such logs beside the code. All rules are in it, so that a tool
 * can tell "not found" from "not looked for".
 *
 * Source: Static Analysis Results Interchange Format (SARIF) Version 2.1.0, OASIS, sections 3.13 to 3.49.
 */
export function sarifLog({findings, problems}: Lint, version: string): Record<string, unknown> {
  const rules = lintCodes.map(code => {
    const {level, platform, title, why, next} = lintRules[code]
    return {
      id: code,
      name: ruleName(code),
      shortDescription: {text: `${title}.`},
      fullDescription: {text: why},
      help: {text: `${why}\n\n${next}`, markdown: `${why}\n\n**What to do:** ${next}`},
      defaultConfiguration: {level: SARIF_LEVELS[level]},
      properties: {platform},
    }
  })
  const notifications = problems.map(({code, message, next, file, line}) => ({
    descriptor: {id: code},
    level: 'warning',
    message: {text: `${message}. ${next}`},
    ...(file !== undefined && {locations: [{physicalLocation: physical(file, line)}]}),
  }))
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {driver: {name: 'kubectl npm lint', semanticVersion: version, rules}},
        invocations: [{executionSuccessful: true, toolExecutionNotifications: notifications}],
        columnKind: 'utf16CodeUnits',
        results: findings.map(result),
      },
    ],
  }
}

function result({code, level, policy, field, message, next, file, line}: Finding): Record<string, unknown> {
  return {
    ruleId: code,
    ruleIndex: lintCodes.indexOf(code),
    level: SARIF_LEVELS[level],
    message: {text: `${policy}: ${message}\n${next}`},
    locations: [
      {
        ...(file !== undefined && {physicalLocation: physical(file, line)}),
        logicalLocations: [{fullyQualifiedName: `${policy}/${field}`, kind: 'member'}],
      },
    ],
    // Stays the same when lines move, so that a finding is told from a new one.
    partialFingerprints: {'policyFieldCode/v1': `${policy} ${field} ${code}`},
  }
}

/** A relative path stays relative: whoever shows the log knows where the sources are. */
function physical(file: string, line: number | undefined): Record<string, unknown> {
  const uri = isAbsolute(file) ? pathToFileURL(file).href : file.split(/[\\/]/).map(encodeURIComponent).join('/')
  return {artifactLocation: {uri}, ...(line !== undefined && {region: {startLine: line}})}
}
