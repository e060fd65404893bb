import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytes, mutated } from '../../../support/fuzz-text.ts'
import { readFw } from '../../../support/fw-text.ts'
import { spansFit } from '../../../support/spans.ts'

const SAMPLE = `[OPTIONS]
enable: 1
policy_in: DROP
nf_conntrack_helpers: ftp,sip
[ALIASES]
lan 10.0.0.0/8
six fd00::1
[IPSET web]
10.0.0.1
!10.0.0.0/24
dc/lan
[group ops] # staff
IN ACCEPT -p tcp -dport 22,80:90 -source 10.0.0.1,10.0.0.2 -log info # c
|OUT DROP -p icmp -icmp-type echo-request -dest +dc/web
[RULES]
IN SSH(ACCEPT) -i net0 -source lan
GROUP ops -i vmbr0
IN REJECT -source 10.0.0.1-10.0.0.9 -sport ssh -p udp
`

const fileText = fc.oneof(
  { weight: 4, arbitrary: mutated(SAMPLE) },
  { weight: 1, arbitrary: bytes },
)

describe('the reader of .fw files', () => {
  it('takes any bytes: spans lie in their files, complaints have help, broken rules say why', () => {
    fc.assert(
      fc.property(fileText, fileText, fileText, (cluster, host, guest) => {
        const config = readFw({ 'cluster.fw': cluster, 'host.fw': host, '100.fw': guest })
        expect(spansFit(config)).toBe(true)
        for (const { help } of config.diagnostics) expect(help).not.toBeNull()
        for (const { errors, span } of config.cluster?.rules ?? []) {
          expect(cluster.slice(span.start, span.end)).not.toContain('\n')
          for (const error of errors) expect(config.diagnostics).toContain(error)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('reads a file the same whatever stands in files read before it', () => {
    fc.assert(
      fc.property(fileText, fileText, (host, guest) => {
        const codes = (files: Readonly<Record<string, string>>) =>
          readFw(files).diagnostics.filter(
            ({ span }) => span?.file.path.endsWith('100.fw') === true,
          )
        const alone = codes({ '100.fw': guest }).map(({ code, span }) => [code, span?.start])
        const after = codes({ 'host.fw': host, '100.fw': guest }).map(({ code, span }) => [
          code,
          span?.start,
        ])
        expect(after).toEqual(alone)
      }),
    )
  })

  it('keeps a valid rule valid however it is indented and commented', () => {
    const blank = fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 4 })
    const comment = fc.constantFrom('', ' # c', '#', '  ##')
    fc.assert(
      fc.property(blank, blank, comment, (before, after, end) => {
        const line = `${before}IN ACCEPT -p tcp -dport 22${end}${after}`
        const { cluster, diagnostics } = readFw({ 'cluster.fw': `[RULES]\n${line}\n` })
        expect(diagnostics).toEqual([])
        expect(cluster?.rules[0]?.dport?.value).toBe('22')
      }),
    )
  })
})
