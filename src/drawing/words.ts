// Words in a picture: how wide they will be, as far as that can be told without the font, and safe within XML.

import { plain } from "../words/safe.ts"

/** How wide a line is in pixels, rather too much than too little: the reader's font is not known. */
export function widthOf(line: string, fontPixels: number): number {
  let ems = 0
  for (const { segment } of new Intl.Segmenter().segment(line)) ems += emsOf(segment)
  return Math.ceil(ems * fontPixels)
}

function emsOf(sign: string): number {
  if (/^[ijl.,:;'|!`]$/.test(sign)) return 0.32
  if (/^[ frtI()[\]{}"/\\-]$/.test(sign)) return 0.42
  if (/^[mwMW@%—…]$/.test(sign)) return 1
  if (/^[a-z0-9_$?*+]$/.test(sign)) return 0.6
  if (/^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Hebrew}\p{Script=Arabic}]/u.test(sign))
    return 0.72
  // Ideographs, emoji and what else takes a square.
  return 1.15
}

/** As much of a line as fits, with an ellipsis where it was cut. */
export function fitted(line: string, fontPixels: number, maxPixels: number): string {
  if (widthOf(line, fontPixels) <= maxPixels) return line
  let short = ""
  let width = widthOf("…", fontPixels)
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    width += emsOf(segment) * fontPixels
    if (width > maxPixels) break
    short += segment
  }
  return `${short.trimEnd()}…`
}

/** Any text on one line, without what XML cannot hold or a terminal would obey. */
export function oneLine(text: string): string {
  return plain(text)
    .toWellFormed()
    .replace(/[\ufffe\uffff]/g, "\ufffd")
}

/**
 * Text as the value of an attribute that a program reads back: all of it, but for control characters, which XML cannot hold
 * or HTML takes for other signs.
 */
export function exact(text: string): string {
  return text
    .toWellFormed()
    .replace(/(?![\t\n\r])\p{Cc}|[\ufffe\uffff]/gu, "\ufffd")
    .replace(/[\t\n\r&<>"'\u2028-\u202e\u2066-\u2069]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

/** Text as XML, between tags and within attributes. */
export function xml(text: string): string {
  return oneLine(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;")
}
