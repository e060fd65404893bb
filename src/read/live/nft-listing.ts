import type { Json, NftCommand } from '../../netfilter/nft/command.ts'
import { isList, isObject, type JsonObject, onlyEntry, stringAt } from '../../netfilter/nft/json.ts'
import type { NftTable } from '../../netfilter/nft/objects.ts'
import type { SourceFile, Span } from '../../source/source-file.ts'
import { applyNftCommands } from '../nft/apply.ts'
import { listedObjects } from './json-objects.ts'
import type { Report } from './report.ts'
import { mostElements } from './set-lines.ts'

/**
 * The tables of `nft -j list ruleset` (libnftables-json(5)). A listing is what adding its objects one by one gives, so
 * that is how it is read.
 */
export function readNftListing(file: SourceFile, report: Report): readonly NftTable[] {
  const spans: Span[] = []
  const { tables, complaints } = applyNftCommands(commandsOf(file, report, spans))
  for (const { index, message } of complaints) {
    const span = spans[index] ?? { file, start: 0, end: 0 }
    report.add(
      'error',
      'read/bad-object',
      span,
      `this object of the listing fits nowhere: ${message}`,
    )
  }
  return tables
}

function* commandsOf(file: SourceFile, report: Report, spans: Span[]): Generator<NftCommand> {
  let elements = 0
  for (const { json, span } of listedObjects(file, report)) {
    const entry = onlyEntry(json)
    const [kind, body] = entry ?? []
    if (kind === undefined || !isObject(body)) {
      report.add('error', 'read/bad-object', span, 'this object of the listing is none of nft')
      continue
    }
    if (kind === 'metainfo') continue
    spans.push(span)
    elements += elementsIn(body)
    const add = elements > mostElements ? withoutElements([kind, body], span, report) : json
    yield { json: { add }, origin: { kind: 'imported', span, means: null } }
  }
}

function elementsIn(body: JsonObject): number {
  const elements = body['elem']
  return isList(elements) ? elements.length : 0
}

/** A set of a dump with too many as one with an element nobody understands. */
function withoutElements(
  [kind, body]: readonly [string, JsonObject],
  span: Span,
  report: Report,
): Json {
  if (elementsIn(body) === 0) return { [kind]: body }
  const name = stringAt(body, 'name') ?? ''
  const message = `what set \`${name}\` matches is not known: the dump has more than ${mostElements} elements`
  report.add('note', 'read/set-not-evaluated', span, message)
  return { [kind]: { ...body, elem: [null] } }
}
