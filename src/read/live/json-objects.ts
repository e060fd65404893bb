import type { Json } from '../../netfilter/nft/command.ts'
import type { SourceFile, Span } from '../../source/source-file.ts'
import type { Report } from './report.ts'

/** Deepest nesting of an object of a listing: rules have about ten, and recursion follows. */
const deepest = 64

/**
 * The objects of the list under `nftables`, one after the other with their places; nothing after the first that is not
 * JSON, which is reported. Cost: linear, one object in memory at a time besides what the caller keeps.
 */
export function* listedObjects(
  file: SourceFile,
  report: Report,
): Generator<{ readonly json: Json; readonly span: Span }> {
  const { text } = file
  const start = /^[ \t\r\n]*\{[ \t\r\n]*"nftables"[ \t\r\n]*:[ \t\r\n]*\[/.exec(text.slice(0, 4096))
  if (start === null) {
    fail(file, report, 0, 'a listing of nft begins with {"nftables": [')
    return
  }
  let at = blanks(text, start[0].length)
  while (text[at] !== ']') {
    const found = endOfValue(text, at)
    if (found === null) {
      fail(file, report, at, 'the listing ends within this object')
      return
    }
    const { end, depth } = found
    const span: Span = { file, start: at, end }
    if (depth > deepest) {
      const message = `this object is nested ${depth} deep, which no rule of nft is`
      report.add('error', 'read/bad-json', span, message)
    } else {
      const json = parsed(text.slice(at, end))
      if (json === undefined) {
        fail(file, report, at, 'this object is not JSON')
        return
      }
      yield { json, span }
    }
    at = blanks(text, end)
    if (text[at] === ',') at = blanks(text, at + 1)
    else if (text[at] !== ']') {
      fail(file, report, at, 'a comma or the end of the list is missing here')
      return
    }
  }
}

function fail(file: SourceFile, report: Report, at: number, message: string): void {
  const start = Math.min(at, file.text.length)
  const span: Span = { file, start, end: Math.min(start + 1, file.text.length) }
  report.add('error', 'read/bad-json', span, message, 'give the output of `nft -j list ruleset`')
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

function blanks(text: string, from: number): number {
  let at = from
  while (isBlank(text.charCodeAt(at))) at += 1
  return at
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

/** Where the object or list that begins here ends, and how deep it is; null: it does not. */
function endOfValue(
  text: string,
  from: number,
): { readonly end: number; readonly depth: number } | null {
  let open = 0
  let depth = 0
  for (let at = from; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x22: {
        const end = endOfString(text, at)
        if (end === -1) return null
        at = end
        break
      }
      case 0x7b:
      case 0x5b:
        open += 1
        if (open > depth) depth = open
        break
      case 0x7d:
      case 0x5d:
        open -= 1
        if (open <= 0) return { end: at + 1, depth }
        break
      default:
        if (open === 0) return null
    }
  }
  return null
}

/** The closing quote of the string whose opening one is at `from`; -1: there is none. */
function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let before = at - 1
    while (text.charCodeAt(before) === 0x5c) before -= 1
    if ((at - before) % 2 === 1) return at
  }
  return -1
}
