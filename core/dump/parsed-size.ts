import type {Text} from '../text/lines.ts'
import {checkMemory} from '../text/memory.ts'

/*
 * How much memory a text takes when it is parsed, for texts that a library parses in one go. Measured on Node 26: JSON takes what its
 * objects, list items and strings take, from 2 bytes for each byte of what kubectl prints up to 21 for a list of empty objects; YAML
 * about 180 bytes for each node that is left, and three times that while it is parsed.
 */

const OBJECT_BYTES = 88
const ITEM_BYTES = 24
const QUOTE_BYTES = 16
const YAML_NODE_BYTES = 550

const length = (text: Text): number => text.reduce((size, piece) => size + piece.length, 0)

/**
 * Checks that there is room for a parsed JSON text. Looking through it takes as long as parsing it, so that is done only where a text of
 * nothing but brackets might not fit.
 *
 * @throws as `checkMemory` does
 */
export function checkJsonMemory(text: Text): void {
  checkMemory(length(text) * (OBJECT_BYTES + 1), () => parsedJsonBytes(text))
}

/** Bytes that a parsed JSON text takes at most. */
export function parsedJsonBytes(text: Text): number {
  let bytes = text.length > 1 ? length(text) : 0
  for (const piece of text)
    for (let at = 0; at < piece.length; at++) {
      const code = piece.charCodeAt(at)
      if (code === 0x22) bytes += QUOTE_BYTES
      else if (code === 0x2c) bytes += ITEM_BYTES
      else if (code === 0x7b || code === 0x5b) bytes += OBJECT_BYTES
    }
  return bytes
}

/** Bytes that a YAML text takes while it is parsed. */
export function parsedYamlBytes(text: Text): number {
  let nodes = 0
  for (const piece of text)
    for (let at = 0; at < piece.length; at++) {
      const code = piece.charCodeAt(at)
      // What ends or begins a node: line feed, comma, brackets.
      if (code === 0x0a || code === 0x2c || code === 0x7b || code === 0x5b) nodes++
    }
  return length(text) * 2 + nodes * YAML_NODE_BYTES
}
