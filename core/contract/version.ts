/** Every JSON document we print carries this, beside its kind. Removing or renaming a field is a breaking change. */
export const API_VERSION = 'kubectl-npm/v1'
