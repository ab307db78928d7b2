import type {Text} from '../text/lines.ts'

/** Whether a text holds nothing but blanks. */
export const isBlank = (text: Text): boolean => text.every(piece => piece.trim() === '')
