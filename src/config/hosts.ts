import { parseAddr } from '../ip/address.ts'
import { diagnostic, type Parsed } from '../source/diagnostic.ts'
import { quote, type SourceFile } from '../source/source-file.ts'
import { openReport } from './report.ts'
import type { HostsEntry } from './tree.ts'
import { eachLine, wordsBeforeHash } from './words.ts'

/** Reads /etc/hosts: `address name...`, `#` starts a comment (hosts(5)). */
export function parseHosts(file: SourceFile): Parsed<readonly HostsEntry[]> {
  const entries: HostsEntry[] = []
  const report = openReport(`\`${file.path}\``)
  eachLine(file.text, (start, end) => {
    const words = wordsBeforeHash(file.text, start, end)
    const [first, ...names] = words
    const last = words.at(-1)
    if (first === undefined || last === undefined) return
    const span = { file, start: first.start, end: last.end }
    const address = parseAddr(first.text)
    if (address === null) {
      const where = { file, start: first.start, end: first.end }
      report.add('config/hosts-line', () => {
        const message = `\`${quote(where)}\` is not an address`
        const help = 'write the address first, then the names; the line is ignored'
        return diagnostic('warning', 'config/hosts-line', where, message, { help })
      })
    } else {
      entries.push({ address, names: names.map((name) => name.text), span })
    }
  })
  return { value: entries, diagnostics: report.diagnostics() }
}
