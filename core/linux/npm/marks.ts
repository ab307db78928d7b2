import type {Direction} from '../../names/kernel-name.ts'
import {WHOLE_MARK} from '../iptables/model.ts'

/** The marks that Azure NPM sets on packets while it judges them. Source: sections 4.2, 6 and 8.2 of NPM's data plane. */

/** The marks of NPM v2. */
export interface Marks {
  readonly ingressAllowed: number
  readonly drop: Readonly<Record<Direction, number>>
  /** The bits of the packet's mark that rules match and set. By default those of the mark in question. */
  readonly mask?: number
}

/** v2 before v1.4.24. */
export const wholeWordMarks: Marks = {ingressAllowed: 0x2000, drop: {Ingress: 0x4000, Egress: 0x5000}, mask: WHOLE_MARK}
/** v2 since v1.4.24. */
export const bitMarks: Marks = {ingressAllowed: 0x200, drop: {Ingress: 0x400, Egress: 0x800}}

/** v1: the mark of a packet that a direction allows. Ingress sets the whole mark; egress adds its bit, so both are visible. */
export const v1AllowMarks: Readonly<Record<Direction, number>> = {Ingress: 0x2000, Egress: 0x1000}

/** Whether any release of v2 drops packets with this mark. */
export const isDropMark = (mark: number, direction: Direction): boolean =>
  [bitMarks, wholeWordMarks].some(({drop}) => drop[direction] === mark)
