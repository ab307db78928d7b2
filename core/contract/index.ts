import {descriptionListSchema, descriptionSchema} from './description.ts'
import {driftListSchema, driftSchema} from './drift.ts'
import {dumpSchema} from './dump.ts'
import {flowListSchema} from './flows.ts'
import {lintListSchema, lintSchema} from './lint.ts'
import {liveFailureSchema, liveNodeSchema, liveSampleSchema} from './live.ts'
import {matrixDiffSchema, matrixSchema} from './matrix.ts'
import {membershipSchema} from './membership.ts'
import {metricsListSchema, metricsSchema} from './metrics.ts'
import {planListSchema, planSchema} from './plan.ts'
import {policyChangeSchema, policyListSchema} from './policies.ts'
import {programListSchema, programSchema} from './program.ts'
import {liveDifferencesSchema, liveMembersSchema} from './recording.ts'
import {resolutionSchema} from './resolution.ts'
import {setListListSchema, setListSchema} from './set-list.ts'
import {agentStatusChangeSchema, agentStatusListSchema, versionListSchema} from './status.ts'
import {topSampleSchema} from './top.ts'
import {traceListSchema, traceSchema} from './trace.ts'
import {translationListSchema, translationSchema} from './translation.ts'
import {verificationListSchema, verificationSchema} from './verification.ts'
import {writeResultListSchema, writeResultSchema, writeStatusListSchema} from './writes.ts'

/** The schema of every JSON document we print, by its kind. */
export const schemas = {
  AgentStatusChange: agentStatusChangeSchema,
  AgentStatusList: agentStatusListSchema,
  VersionList: versionListSchema,
  Description: descriptionSchema,
  DescriptionList: descriptionListSchema,
  Drift: driftSchema,
  DriftList: driftListSchema,
  Dump: dumpSchema,
  FlowList: flowListSchema,
  Lint: lintSchema,
  LintList: lintListSchema,
  LiveDifferences: liveDifferencesSchema,
  LiveFailure: liveFailureSchema,
  LiveMembers: liveMembersSchema,
  LiveNode: liveNodeSchema,
  LiveSample: liveSampleSchema,
  Matrix: matrixSchema,
  MatrixDiff: matrixDiffSchema,
  Membership: membershipSchema,
  Metrics: metricsSchema,
  MetricsList: metricsListSchema,
  Plan: planSchema,
  PlanList: planListSchema,
  PolicyList: policyListSchema,
  PolicyChange: policyChangeSchema,
  Program: programSchema,
  ProgramList: programListSchema,
  Resolution: resolutionSchema,
  SetList: setListSchema,
  SetListList: setListListSchema,
  TopSample: topSampleSchema,
  Trace: traceSchema,
  TraceList: traceListSchema,
  Translation: translationSchema,
  TranslationList: translationListSchema,
  Verification: verificationSchema,
  VerificationList: verificationListSchema,
  WriteResult: writeResultSchema,
  WriteResultList: writeResultListSchema,
  WriteStatusList: writeStatusListSchema,
} as const
