import type {Direction} from '../../names/kernel-name.ts'
import {WHOLE_MARK} from '../iptables/model.ts'

/** The marks that Azure NPM gives packets while it judges them. Source: sections 4.2, 6 and 8.2 of NPM's data plane. */

/** How NPM v2 marks packets. */
export interface Marks {
  readonly ingressAllowed: number
  readonly drop: Readonly<Record<Direction, number>>
  /** Of the packet's mark, these bits are looked at and set; undefined for those of the mark itself. */
  readonly mask?: number
}

/** v2 before v1.4.24. */
export const wholeWordMarks: Marks = {ingressAllowed: 0x2000, drop: {Ingress: 0x4000, Egress: 0x5000}, mask: WHOLE_MARK}
/** v2 since v1.4.24. */
export const bitMarks: Marks = {ingressAllowed: 0x200, drop: {Ingress: 0x400, Egress: 0x800}}

/** v1: what means that a direction lets the packet pass. It marks whole words and adds egress to ingress, so both can be seen. */
export const v1AllowMarks: Readonly<Record<Direction, number>> = {Ingress: 0x2000, Egress: 0x1000}

/** Whether v2 of any release drops what it has marked so. */
export const isDropMark = (mark: number, direction: Direction): boolean =>
  [bitMarks, wholeWordMarks].some(({drop}) => drop[direction] === mark)
