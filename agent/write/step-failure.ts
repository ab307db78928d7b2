/** Why a step was not done, or by halves, and by which of its operations. */
export interface StepFailure {
  readonly operation: string
  readonly message: string
  readonly next: string
}
