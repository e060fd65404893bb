import { parseAddr } from '../ip/address.ts'
import { type Diagnostic, diagnostic, type Parsed } from '../source/diagnostic.ts'
import { quote, type SourceFile } from '../source/source-file.ts'
import type { HostsEntry } from './tree.ts'
import { eachLine, wordsBeforeHash } from './words.ts'

/** Reads /etc/hosts: `address name...`, `#` starts a comment (hosts(5)). */
export function parseHosts(file: SourceFile): Parsed<readonly HostsEntry[]> {
  const entries: HostsEntry[] = []
  const diagnostics: Diagnostic[] = []
  eachLine(file.text, (start, end) => {
    const words = wordsBeforeHash(file.text, start, end)
    const [first, ...names] = words
    const last = words.at(-1)
    if (first === undefined || last === undefined) return
    const span = { file, start: first.start, end: last.end }
    const address = parseAddr(first.text)
    if (address === null) {
      const where = { file, start: first.start, end: first.end }
      diagnostics.push(
        diagnostic('warning', 'config/hosts-line', where, `\`${quote(where)}\` is not an address`, {
          help: 'write the address first, then the names; the line is ignored',
        }),
      )
    } else {
      entries.push({ address, names: names.map((name) => name.text), span })
    }
  })
  return { value: entries, diagnostics }
}
