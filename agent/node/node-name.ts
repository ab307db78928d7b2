import {hostname} from 'node:os'

/** What Kubernetes calls this machine, as far as that is known here: `NODE_NAME` as the pod sets it, else the host's name. */
export const nodeName = (): string => process.env['NODE_NAME'] ?? hostname()
