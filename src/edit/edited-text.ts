import { type LineOrigin, type SourceFile, sourceFile } from '../source/source-file.ts'

/** A line with its newline, if it has one, and where it comes from. */
export type TextLine = LineOrigin & { readonly text: string }

/** The lines of a file. INVARIANT: every line but the last ends in `\n`, and none is empty. */
export type EditedText = { readonly path: string; readonly lines: readonly TextLine[] }

/** Lines put in place of others; `at` counts from 0. */
export type Splice = {
  readonly at: number
  readonly removed: readonly TextLine[]
  readonly added: readonly TextLine[]
}

/** The lines of a file, from disk or edited before. */
export function linesOf({ path, text, lineStarts, lineOrigins }: SourceFile): EditedText {
  const lines = lineStarts.map((start, index) => {
    const origin = lineOrigins?.[index] ?? { was: index + 1, note: null }
    return { ...origin, text: text.slice(start, lineStarts[index + 1] ?? text.length) }
  })
  return { path, lines: lines.at(-1)?.text === '' ? lines.slice(0, -1) : lines }
}

/** The file that these lines make. */
export function fileOf({ path, lines }: EditedText): SourceFile {
  const file = sourceFile(path, lines.map(({ text }) => text).join(''))
  return { ...file, lineOrigins: lines.map(({ was, note }) => ({ was, note })) }
}

/** Applies splices, each given by the line numbers before any of them; they are in order and do not overlap. */
export function spliced({ path, lines }: EditedText, splices: readonly Splice[]): EditedText {
  const after: TextLine[] = []
  let from = 0
  for (const { at, removed, added } of splices) {
    for (const kept of lines.slice(from, at)) after.push(kept)
    after.push(...added)
    from = at + removed.length
  }
  for (const kept of lines.slice(from)) after.push(kept)
  return { path, lines: after }
}

/** The splices that take others back, by the line numbers after these. */
export function inverse(splices: readonly Splice[]): readonly Splice[] {
  let shift = 0
  return splices.map(({ at, removed, added }) => {
    const back = { at: at + shift, removed: added, added: removed }
    shift += added.length - removed.length
    return back
  })
}

/** New lines before the one at `at`, each given without its newline; the last line of the file gets one if it lacks it. */
export function insertion(
  { lines }: EditedText,
  at: number,
  texts: readonly string[],
  note: string,
): Splice {
  const added = texts.map((text) => ({ text: `${text}\n`, was: null, note }))
  const last = lines.at(-1)
  if (at < lines.length || last === undefined || last.text.endsWith('\n'))
    return { at, removed: [], added }
  return { at: at - 1, removed: [last], added: [{ ...last, text: `${last.text}\n` }, ...added] }
}

/** The line at `at` with another text in place of the one before its newline. */
export function replacement(
  { lines }: EditedText,
  at: number,
  change: (text: string) => string,
  note: string,
): Splice {
  const removed = lines.slice(at, at + 1)
  const added = removed.map(({ text, was }) => {
    const end = text.endsWith('\n') ? text.length - 1 : text.length
    return { text: change(text.slice(0, end)) + text.slice(end), was, note }
  })
  return { at, removed, added }
}

/** Takes the line at `at` out. */
export function removal({ lines }: EditedText, at: number): Splice {
  return { at, removed: lines.slice(at, at + 1), added: [] }
}
