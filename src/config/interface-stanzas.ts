import { posix } from 'node:path'
import { type Diagnostic, diagnostic } from '../source/diagnostic.ts'
import { decodeBytes, quote, type SourceFile } from '../source/source-file.ts'
import { expandGlob, isGlob } from './glob.ts'
import { openReport } from './report.ts'
import { lineEnd, type Word, wordsOf } from './words.ts'

/** An `iface` line and its options, before stanzas of one name are put together. */
export type Stanza = {
  readonly file: SourceFile
  readonly name: Word
  readonly family: 'inet' | 'inet6' | null
  /** `static`, `dhcp`, `manual`, `loopback`, `auto` ...; null when none is written. */
  readonly method: string | null
  readonly options: readonly Option[]
}

/** `key` with `-` for `_`, as ifupdown2 stores it. */
export type Option = { readonly key: string; readonly values: readonly Word[] }

/** The file system as `source` lines see it; paths are relative to the root, without a leading slash. */
export type Sources = {
  readonly read: (path: string) => SourceFile | null
  readonly list: (path: string) => readonly { readonly name: string }[]
}

export type Stanzas = {
  readonly stanzas: readonly Stanza[]
  /** Paths of all files that were read. */
  readonly paths: ReadonlySet<string>
  readonly diagnostics: readonly Diagnostic[]
}

/** Deepest chain of `source` lines. ifupdown2 has no limit and never comes back from a loop. */
const MAX_DEPTH = 16

/** Most files that are read, and most `source` lines that are followed, for one node. */
const MAX_FILES = 1_000

/**
 * Reads interfaces(5) with everything it sources, in the order ifupdown2 does (networkinterfaces.py): lines
 * joined by a backslash, comments only at the start of a line, `source` with globs, `source-directory`.
 */
export function readStanzas(main: SourceFile, sources: Sources): Stanzas {
  const stanzas: Stanza[] = []
  const report = openReport(`\`${main.path}\``)
  const paths = new Set([main.path])
  let sourceLines = 0

  const readFile = (file: SourceFile, chain: readonly string[]): void => {
    let options: Option[] | null = null
    for (const words of logicalLines(file.text)) {
      const [first, second] = words
      if (first === undefined || first.text.startsWith('#')) continue
      if (!isKeyword(first.text)) {
        options?.push({ key: first.text.replaceAll('_', '-'), values: words.slice(1) })
        continue
      }
      options = null
      if (second === undefined) continue
      if (first.text === 'iface') {
        options = []
        stanzas.push({ file, name: second, ...familyAndMethod(words), options })
      } else if (first.text === 'source' || first.text === 'source-directory') {
        readSourced(file, first.text, second, chain)
      }
    }
  }

  const readSourced = (
    file: SourceFile,
    keyword: 'source' | 'source-directory',
    word: Word,
    chain: readonly string[],
  ): void => {
    const complain = (message: string): void => {
      const span = { file, start: word.start, end: word.end }
      report.add('config/interfaces-source', () =>
        diagnostic('warning', 'config/interfaces-source', span, `\`${quote(span)}\`: ${message}`, {
          help: 'what it should have added is missing from the bridges and addresses pvefw knows',
        }),
      )
    }
    if (chain.length > MAX_DEPTH) {
      complain(`more than ${MAX_DEPTH} files source each other`)
      return
    }
    sourceLines += 1
    if (sourceLines > MAX_FILES) {
      if (sourceLines === MAX_FILES + 1) complain(`there are more than ${MAX_FILES} such lines`)
      return
    }
    const pattern = posix.resolve('/', posix.dirname(file.path), decodeBytes(word.text))
    const found = expandGlob(
      keyword === 'source' ? pattern : `${pattern}/*`,
      sources.list,
      MAX_FILES,
    )
    for (const path of found) {
      if (chain.includes(path)) complain('a file sources itself')
      if (paths.has(path)) continue
      if (paths.size >= MAX_FILES) {
        complain(`more than ${MAX_FILES} files are sourced`)
        return
      }
      paths.add(path)
      const sourced = sources.read(path)
      if (sourced !== null) readFile(sourced, [...chain, path])
      else if (keyword === 'source' && !isGlob(word.text)) complain('there is no such file')
    }
  }

  readFile(main, [main.path])
  return { stanzas, paths, diagnostics: report.diagnostics() }
}

function isKeyword(word: string): boolean {
  return (
    word === 'iface' ||
    word === 'auto' ||
    word === 'source' ||
    word === 'source-directory' ||
    word === 'mapping' ||
    word === 'vlan' ||
    word.startsWith('allow-')
  )
}

function familyAndMethod(words: readonly Word[]): Pick<Stanza, 'family' | 'method'> {
  const family = words[2]?.text
  const method = words[3]?.text ?? null
  return { family: family === 'inet' || family === 'inet6' ? family : null, method }
}

/** The words of each line; a line that ends in a backslash goes on in the next one. */
function* logicalLines(text: string): Generator<readonly Word[]> {
  let joined: Word[] = []
  for (let start = 0; start < text.length; ) {
    const end = lineEnd(text, start)
    const continues = end > start && text[end - 1] === '\\'
    for (const word of wordsOf(text, start, continues ? end - 1 : end)) joined.push(word)
    if (!continues || end === text.length) {
      yield joined
      joined = []
    }
    start = end + 1
  }
}
