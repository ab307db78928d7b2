import type {Text} from '../text/lines.ts'

/** Whether a text is empty, or white space only. */
export const isBlank = (text: Text): boolean => text.every(piece => piece.trim() === '')
