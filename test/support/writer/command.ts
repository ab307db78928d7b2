/** What a writer process is told. */
export interface WriterCommand {
  readonly does: 'apply' | 'rollback' | 'confirm' | 'status' | 'recover' | 'settled'
  /** The file of the plan. */
  readonly plan?: string
  readonly by?: string
  readonly confirmWithinMs?: number
  readonly endDeniedFlows?: boolean
  readonly to?: string
  readonly id?: string
  /** Ends itself by SIGKILL at this fault point, from 1. */
  readonly killAt?: number
  /** The disk is full at this fault point. */
  readonly failAt?: number
  /** How far the wall clock is wrong. */
  readonly yearsAhead?: number
  /** How often the machine seems to have been restarted. */
  readonly boots?: number
}
