import type {Member} from './model.ts'

/** How ipset prints a member, without what only it needs (timeouts, counters, comments). */
export const memberText = (member: Member): string => (member.nomatch ? `${member.entry} nomatch` : member.entry)
