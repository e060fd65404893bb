import { describe, expect, it } from 'vitest'
import {
  countDiagnostics,
  renderDiagnostics,
  sortDiagnostics,
} from '../../src/render/diagnostic-lines.ts'
import { shortNames } from '../../src/render/file-names.ts'
import { plain } from '../../src/render/show.ts'
import type { DiagnosticCode } from '../../src/source/codes.ts'
import { type Diagnostic, diagnostic, type Severity } from '../../src/source/diagnostic.ts'
import { lineSpan, type SourceFile, sourceFile } from '../../src/source/source-file.ts'
import { unsafeIn } from './build.ts'

const conf = sourceFile(
  'etc/pve/nodes/pve1/qemu-server/105.conf',
  'name: web\nnet0: virtio=BC:24:11:00:01:05,brigde=vmbr0\n\tcaf\u00c3\u00a9: \u001b[2J\r\n',
)
const small = sourceFile('etc/pve/firewall/20.fw', '[OPTIONS]\nenable 1\n')
const many = sourceFile('etc/pve/firewall/105.fw', 'nonsense\n'.repeat(40))
const names = shortNames([conf.path, small.path, many.path])

function about(
  file: SourceFile,
  line: number,
  part: string,
  severity: Severity = 'warning',
  code: DiagnosticCode = 'config/guest-conf-line',
): Diagnostic {
  const whole = lineSpan(file, line)
  const start = file.text.indexOf(part, whole.start)
  const span = { file, start, end: start + part.length }
  return diagnostic(severity, code, span, `\`${part}\` means nothing here`, { help: 'correct it' })
}

const everything: readonly Diagnostic[] = [
  ...Array.from({ length: 40 }, (_, i) => about(many, i + 1, 'nonsense')),
  about(conf, 2, 'brigde=vmbr0', 'error', 'config/invalid-nic'),
  about(conf, 3, '\u001b[2J'),
  {
    ...about(small, 2, 'enable 1'),
    related: [{ span: lineSpan(small, 1), message: 'the section starts here' }],
  },
  diagnostic('note', 'config/missing-file', null, 'there is no etc/services'),
]

describe('diagnostics for people', () => {
  it('read as in their golden file', async () => {
    await expect(plain(renderDiagnostics(everything, names))).toMatchFileSnapshot(
      'golden/diagnostics.txt',
    )
  })

  it('come in the order of files and places, 20 before 105', () => {
    const order = sortDiagnostics(everything).map((one) => one.span?.file.path.split('/').at(-1))
    expect([...new Set(order)]).toEqual([undefined, '20.fw', '105.fw', '105.conf'])
  })

  it('are counted by severity', () => {
    expect(countDiagnostics(everything)).toBe('1 error, 42 warnings')
    expect(countDiagnostics([])).toBe('')
  })

  it('show a place in a line of 10 MB without showing the line', () => {
    const huge = sourceFile(
      'etc/pve/firewall/105.fw',
      `${'x'.repeat(10_000_000)}HERE${'y'.repeat(1000)}`,
    )
    const text = plain(renderDiagnostics([about(huge, 1, 'HERE')], names))
    expect(text.length).toBeLessThan(600)
    const rows = text.split('\n')
    expect(rows[2]?.indexOf('^^^^')).toBe(rows[1]?.indexOf('HERE'))
  })

  it('pass no control byte on', () => {
    expect(unsafeIn(plain(renderDiagnostics(everything, names)))).toEqual([])
  })
})
