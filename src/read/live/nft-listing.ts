import type { NftCommand } from '../../netfilter/nft/command.ts'
import { isObject, onlyEntry } from '../../netfilter/nft/json.ts'
import type { NftTable } from '../../netfilter/nft/objects.ts'
import type { SourceFile, Span } from '../../source/source-file.ts'
import { applyNftCommands } from '../nft/apply.ts'
import { listedObjects } from './json-objects.ts'
import type { Report } from './report.ts'

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
  for (const { json, span } of listedObjects(file, report)) {
    const entry = onlyEntry(json)
    if (entry === null || !isObject(entry[1])) {
      report.add('error', 'read/bad-object', span, 'this object of the listing is none of nft')
      continue
    }
    if (entry[0] === 'metainfo') continue
    spans.push(span)
    yield { json: { add: json }, origin: { kind: 'imported', span, means: null } }
  }
}
