import type { SourceFile } from '../../../source/source-file.ts'
import { type Line, readLines, skip, spanOf, textOf } from '../../fw-line.ts'
import type { RulePlace } from './check.ts'
import { complain, noComplaints, prefixOf, printed, quoted } from './complaints.ts'
import { noHeader, readHeader, type Section } from './header.ts'
import type { FwRule } from './model.ts'
import { readAliasLine, readIpSetLine } from './name-lines.ts'
import { readOptionLine } from './option-line.ts'
import { BLANK, SPACE } from './perl.ts'
import type { OpenFile } from './reading.ts'
import { readRule } from './rule-line.ts'

/** A missing file, an empty one, and one that holds just `0` (Perl's other false string) are all the same. */
export function isNothing(source: SourceFile | null | undefined): boolean {
  return source === null || source === undefined || source.text === '' || source.text === '0'
}

/** No file of a real node comes near: pmxcfs holds at most 1 MiB. Keeps memory bounded. */
const MOST_LINES = 1_000_000

/**
 * Reads the lines of a file into it, top to bottom: names are known from the line on that defines them
 * (`generic_fw_config_parser`).
 */
export function readFile(file: OpenFile): void {
  let section: Section = { kind: 'none' }
  let known = new Set<string>()
  let count = 0
  const places = placesOf(file)
  noteLineEnds(file)
  for (const line of readLines(file.source, BLANK)) {
    const { text } = file.source
    if (isSpaceOnly(line)) continue
    count += 1
    if (count > MOST_LINES) {
      tooManyLines(line, file)
      return
    }
    if (text.charCodeAt(line.start) === OPEN) {
      const header = readHeader(line, file)
      if (header === null) {
        readUnderFalseHeader(line, section, known, file)
      } else {
        section = header
        known = new Set()
      }
    } else {
      readLine(line, section, known, places, file)
    }
  }
}

const OPEN = 0x5b

/** A line of a carriage return or form feed alone is empty to Perl, though it is not stripped away. */
function isSpaceOnly({ file, start, end }: Line): boolean {
  return skip(file.text, start, end, SPACE) === end
}

function readLine(
  line: Line,
  section: Section,
  known: Set<string>,
  places: Places,
  file: OpenFile,
): void {
  switch (section.kind) {
    case 'options':
      readOptionLine(line, file)
      break
    case 'aliases':
      readAliasLine(line, file)
      break
    case 'rules':
      readRuleLine(line, file.rules, places.own, file)
      break
    case 'group':
      readRuleLine(line, file.groups?.get(section.name)?.rules ?? [], places.group, file)
      break
    case 'ipset': {
      const set = file.ipsets?.get(section.name)
      if (set !== undefined) readIpSetLine(line, set, known, file)
      break
    }
    default:
      outside(line, file)
  }
}

/** Where the rules of a file stand: in [RULES], or in a group. */
type Places = { readonly own: RulePlace; readonly group: RulePlace }

function placesOf(file: OpenFile): Places {
  const { reading, cluster, env } = file
  return {
    own: { env, reading, file, cluster },
    group: { env: 'group', reading, file: null, cluster },
  }
}

function readRuleLine(line: Line, rules: FwRule[], place: RulePlace, file: OpenFile): void {
  const rule = readRule(line, place, file)
  // What starts with a bracket is never a rule; its complaint is told as that of a false header.
  if (rule !== null && file.source.text.charCodeAt(line.start) !== OPEN) rules.push(rule)
}

/**
 * A line that starts with `[` and is no header goes to the section above it. One complaint says so; it holds
 * whatever that section has the real program say.
 */
function readUnderFalseHeader(
  line: Line,
  section: Section,
  known: Set<string>,
  file: OpenFile,
): void {
  const inner: OpenFile = { ...file, complaints: noComplaints() }
  readLine(line, section, known, placesOf(inner), inner)
  file.aliases = inner.aliases
  file.ipsets = inner.ipsets
  const upstream = inner.complaints.diagnostics.flatMap((one) => one.upstream)
  complain(
    file.complaints,
    'warning',
    'config/not-a-section',
    spanOf(file.source, line),
    () => noHeader(line, file, section),
    upstream,
  )
}

function outside(line: Line, file: OpenFile): void {
  complain(
    file.complaints,
    'warning',
    'config/line-outside-section',
    spanOf(file.source, line),
    () => {
      const text = textOf(file.source, line)
      return {
        message: `${quoted(text)} stands in no section and is ignored`,
        help: text.startsWith('\xef\xbb\xbf')
          ? 'save the file without a byte order mark'
          : 'put it below a section header such as [RULES] or [OPTIONS]',
      }
    },
    printed(`${prefixOf(line, file)}: skip line - no section`),
  )
}

/** Carriage returns make every header unreadable; where there is one, the rest of the file says how that ends. */
function noteLineEnds(file: OpenFile): void {
  const { text } = file.source
  const at = text.indexOf('\r\n')
  if (at === -1) return
  const span = { file: file.source, start: at, end: at + 1 }
  complain(file.complaints, 'error', 'config/crlf', span, () => ({
    message: `${quoted(file.label)} has Windows line ends: section headers and aliases that end so are not recognised`,
    help: "save it with Unix line ends (`sed -i 's/\\r$//'`)",
  }))
}

function tooManyLines(line: Line, file: OpenFile): void {
  complain(file.complaints, 'error', 'config/too-many-lines', spanOf(file.source, line), () => ({
    message: `the file is not read from here on: it has more than ${MOST_LINES} lines`,
    help: 'pmxcfs holds no file above 1 MiB, so this cannot be one of a node',
  }))
}
