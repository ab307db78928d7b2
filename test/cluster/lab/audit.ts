import {readFile} from 'node:fs/promises'
import {stringify} from 'yaml'

/** What the API server notes about requests: all of those about tokens and rights, tokens in clear. For tests only. */
export const auditPolicy = stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    {
      level: 'RequestResponse',
      resources: [
        {group: 'authentication.k8s.io'},
        {group: 'authorization.k8s.io'},
        {group: '', resources: ['serviceaccounts/token']},
      ],
    },
    {level: 'Metadata'},
  ],
})

/** The parts of an audit event that tests look at; the log has more. */
export interface AuditEvent {
  readonly auditID: string
  readonly level: 'Metadata' | 'RequestResponse'
  /** A watch has two events: `ResponseStarted`, and `ResponseComplete` when it ends. */
  readonly stage: 'ResponseStarted' | 'ResponseComplete' | 'Panic'
  readonly requestURI: string
  readonly verb: string
  readonly user: {
    readonly username: string
    readonly groups?: readonly string[]
    readonly extra?: Record<string, readonly string[]>
  }
  readonly impersonatedUser?: {readonly username: string; readonly groups?: readonly string[]}
  readonly sourceIPs?: readonly string[]
  readonly userAgent?: string
  /** Absent for URLs that are no resource. */
  readonly objectRef?: {
    readonly resource?: string
    readonly subresource?: string
    readonly namespace?: string
    readonly name?: string
    readonly apiGroup?: string
    readonly apiVersion?: string
  }
  readonly responseStatus?: {readonly code?: number; readonly reason?: string; readonly message?: string}
  readonly requestObject?: Record<string, unknown>
  readonly responseObject?: Record<string, unknown>
  readonly requestReceivedTimestamp: string
  readonly annotations?: Record<string, string>
}

/** All events so far, oldest first. The event of a request may come a moment behind its answer. */
export async function readAudit(file: string): Promise<AuditEvent[]> {
  const text = await readFile(file, 'utf8')
  // What is behind the last line feed is still being written.
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
  return lines.filter(line => line !== '').map(line => JSON.parse(line) as AuditEvent)
}
