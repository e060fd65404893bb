import { type Diagnostic, diagnostic, type Parsed } from '../source/diagnostic.ts'
import { type Located, quote, type SourceFile, type Span } from '../source/source-file.ts'
import type { Corosync, CorosyncNode } from './tree.ts'
import { eachLine, type Word, wordsBeforeHash } from './words.ts'

/**
 * Reads corosync.conf word by word, as PVE::Corosync `parse_conf` does: a value is one word; `node` and
 * `interface` sections may repeat, others may not. What that parser dies of gives null and an error, since
 * pve-firewall then updates nothing.
 */
export function parseCorosync(file: SourceFile): Parsed<Corosync | null> {
  const main = parseSections(file)
  if ('code' in main) return { value: null, diagnostics: [main] }
  const totem = main.sections.get('totem')?.[0]
  const nodes = new Map<string, CorosyncNode>()
  for (const section of main.sections.get('nodelist')?.[0]?.sections.get('node') ?? []) {
    const node = nodeOf(section)
    // A later node of the same name replaces the earlier one.
    nodes.set(node.name, node)
  }
  return {
    value: {
      file,
      transport: totem?.values.get('transport')?.value ?? null,
      ipVersion: totem?.values.get('ip_version')?.value ?? null,
      nodes: [...nodes.values()],
    },
    diagnostics: [],
  }
}

type Section = {
  readonly sections: Map<string, Section[]>
  readonly values: Map<string, Located<string>>
  /** Its header. */
  readonly span: Span
}

/** Sections of corosync.conf nest two deep; what goes far beyond is not one. */
const MAX_DEPTH = 64

/** PVE::Corosync `$conf_array_sections`. */
const REPEATABLE = new Set(['node', 'interface'])

function parseSections(file: SourceFile): Section | Diagnostic {
  const words: Word[] = []
  eachLine(file.text, (start, end) => {
    for (const word of wordsBeforeHash(file.text, start, end)) words.push(word)
  })
  const stack: Section[] = []
  let section = emptySection({ file, start: 0, end: 0 })
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as Word
    const next = words[at + 1]
    if (next?.text === '{') {
      at += 1
      const opened = emptySection({ file, start: word.start, end: word.end })
      const same = section.sections.get(word.text)
      if (same === undefined) section.sections.set(word.text, [opened])
      else if (REPEATABLE.has(word.text)) same.push(opened)
      else return refusal(file, word, `section \`${word.text}\` stands twice`)
      if (stack.push(section) > MAX_DEPTH)
        return refusal(file, word, 'sections nest deeper than any corosync.conf')
      section = opened
    } else if (word.text === '}') {
      const outer = stack.pop()
      if (outer === undefined) return refusal(file, word, '`}` closes no section')
      section = outer
    } else if (!word.text.endsWith(':')) {
      return refusal(file, word, `\`:\` is missing after \`${word.text}\``)
    } else if (next === undefined) {
      return refusal(file, word, `\`${word.text}\` has no value`)
    } else {
      at += 1
      const span = { file, start: next.start, end: next.end }
      section.values.set(word.text.slice(0, -1), { value: next.text, span })
    }
  }
  return stack[0] ?? section
}

function emptySection(span: Span): Section {
  return { sections: new Map(), values: new Map(), span }
}

function refusal(file: SourceFile, word: Word, what: string): Diagnostic {
  const span = { file, start: word.start, end: word.end }
  const message = `corosync.conf cannot be read at \`${quote(span)}\`: ${what}`
  return diagnostic('error', 'config/corosync-invalid', span, message, {
    help: 'correct the file: until then pve-firewall keeps its old rules and updates nothing',
  })
}

function nodeOf(section: Section): CorosyncNode {
  const links = new Map<string, Located<string>>()
  for (const [key, value] of section.values)
    if (/^(?:ring|link)\d+_addr$/.test(key)) links.set(key, value)
  const name = section.values.get('name') ?? section.values.get('ring0_addr')
  return { name: name?.value ?? '', span: name?.span ?? section.span, links }
}
