import {z} from 'zod'

/** What SARIF 2.1.0 requires of the parts that we write, and what its consumers need besides. Unknown properties fail. */

const message = z.strictObject({text: z.string().min(1), markdown: z.string().min(1).optional()})
// RFC 3986: no blanks, no backslashes; a colon in the first part would be a scheme.
const uri = z.string().regex(/^(?:file:\/\/\/)?[^\s\\:?#]+$/)
const physicalLocation = z.strictObject({
  artifactLocation: z.strictObject({uri}),
  region: z.strictObject({startLine: z.int().min(1)}).optional(),
})
const location = z.strictObject({
  physicalLocation: physicalLocation.optional(),
  logicalLocations: z.array(z.strictObject({fullyQualifiedName: z.string().min(1), kind: z.string()})).optional(),
})
const level = z.enum(['none', 'note', 'warning', 'error'])

const rule = z.strictObject({
  id: z.string().regex(/^[A-Z0-9_]+$/),
  name: z.string().regex(/^[A-Z][A-Za-z0-9]+$/),
  shortDescription: message,
  fullDescription: message,
  help: message.required(),
  defaultConfiguration: z.strictObject({level}),
  properties: z.strictObject({platform: z.string()}),
})

const result = z.strictObject({
  ruleId: z.string(),
  ruleIndex: z.int().min(0),
  level,
  message,
  locations: z.array(location).min(1),
  partialFingerprints: z.record(z.string(), z.string()),
})

const notification = z.strictObject({
  descriptor: z.strictObject({id: z.string()}),
  level,
  message,
  locations: z.array(location).optional(),
})

export const sarifShape = z.strictObject({
  $schema: z.url(),
  version: z.literal('2.1.0'),
  runs: z
    .array(
      z.strictObject({
        tool: z.strictObject({
          driver: z.strictObject({
            name: z.string(),
            semanticVersion: z.string().regex(/^\d+\.\d+\.\d+/),
            rules: z.array(rule).min(1),
          }),
        }),
        invocations: z.array(
          z.strictObject({executionSuccessful: z.boolean(), toolExecutionNotifications: z.array(notification)}),
        ),
        columnKind: z.enum(['utf16CodeUnits', 'unicodeCodePoints']),
        results: z.array(result),
      }),
    )
    .length(1),
})
