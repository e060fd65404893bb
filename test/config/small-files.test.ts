import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseHosts } from '../../src/config/hosts.ts'
import {
  builtInEthertypes,
  builtInProtocols,
  builtInServices,
  parseEthertypes,
  parseProtocols,
  parseServices,
} from '../../src/config/name-service.ts'
import { parseSdnJson } from '../../src/config/sdn.ts'
import { showAddr } from '../../src/ip/address.ts'
import { type SourceFile, sourceFile } from '../../src/source/source-file.ts'

function fileOf(path: string): SourceFile {
  return sourceFile(path, readFileSync(path, 'latin1'))
}

/** Whether the file is there and its SHA-256 starts so. */
function isFile(path: string, sha256: string): boolean {
  if (!existsSync(path)) return false
  return createHash('sha256').update(readFileSync(path)).digest('hex').startsWith(sha256)
}

describe('etc/hosts', () => {
  it('gives names to addresses', () => {
    const { value, diagnostics } = parseHosts(
      sourceFile('etc/hosts', '# x\n10.0.0.1\tpve1.lab pve1 # here\n\nfd00::1 pve1\n10.0.0.2\n'),
    )
    expect(diagnostics).toEqual([])
    expect(value.map(({ address, names }) => [showAddr(address), names])).toEqual([
      ['10.0.0.1', ['pve1.lab', 'pve1']],
      ['fd00::1', ['pve1']],
      ['10.0.0.2', []],
    ])
  })

  it('complains of what is no address', () => {
    const { value, diagnostics } = parseHosts(sourceFile('etc/hosts', 'pve1 10.0.0.1\n'))
    expect(value).toEqual([])
    expect(diagnostics).toMatchObject([{ code: 'config/hosts-line', span: { start: 0, end: 4 } }])
  })
})

describe('the SDN files', () => {
  it('are JSON of UTF-8 bytes', () => {
    expect(parseSdnJson(sourceFile('x', '{"a":"\xc3\xa4"}')).value).toEqual({ a: 'ä' })
  })

  it.each(['', '{"a":}', '{"\xc3\xa4":}', '[1,', '{"a":1} x'])('%j is not JSON', (text) => {
    const { value, diagnostics } = parseSdnJson(sourceFile('x', text))
    expect(value).toBeNull()
    expect(diagnostics).toMatchObject([{ code: 'config/sdn-invalid-json', severity: 'warning' }])
    expect(diagnostics[0]?.span?.end).toBeLessThanOrEqual(text.length)
  })

  it('may not nest without end', () => {
    expect(parseSdnJson(sourceFile('x', '['.repeat(100_000))).diagnostics).toMatchObject([
      { code: 'config/sdn-invalid-json', span: { start: 64 } },
    ])
    expect(parseSdnJson(sourceFile('x', `["${'['.repeat(100)}\\"["]`)).diagnostics).toEqual([])
  })
})

describe('the names of Debian', () => {
  it('hold the services pve-firewall and getservbyname know', () => {
    const { entries, from } = builtInServices()
    expect(from).toContain('netbase')
    expect(entries).toHaveLength(318)
    const ports = (name: string) =>
      entries
        .filter((entry) => entry.name === name || entry.aliases.includes(name))
        .map(({ port, protocol }) => `${port}/${protocol}`)
    expect(ports('domain')).toEqual(['53/tcp', '53/udp'])
    expect(ports('www')).toEqual(['80/tcp'])
    expect(ports('https')).toEqual(['443/tcp', '443/udp'])
  })

  it('hold protocols by first and by other names', () => {
    const { byName, aliases } = builtInProtocols()
    expect(byName.get('ipv6-icmp')).toBe(58)
    expect(byName.get('TCP')).toBeUndefined()
    expect(aliases.get('TCP')).toBe(6)
    expect(byName.size).toBe(57)
  })

  it('hold ethertypes as written', () => {
    const { byName } = builtInEthertypes()
    expect([byName.get('ARP'), byName.get('IPv6'), byName.size]).toEqual(['0806', '86DD', 35])
  })

  // The same facts, where this machine has the very files they were taken from.
  it.skipIf(!isFile('/etc/services', 'f6183055'))('are those of /etc/services', () => {
    const real = parseServices(fileOf('/etc/services'))
    expect(real.entries).toEqual(builtInServices().entries)
  })

  it.skipIf(!isFile('/etc/protocols', '4959498a'))('are those of /etc/protocols', () => {
    const real = parseProtocols(fileOf('/etc/protocols'))
    expect({ ...real, from: '' }).toEqual({ ...builtInProtocols(), from: '' })
  })

  it.skipIf(!isFile('/etc/ethertypes', '1e2811b4'))('are those of /etc/ethertypes', () => {
    expect(parseEthertypes(fileOf('/etc/ethertypes')).byName).toEqual(builtInEthertypes().byName)
  })
})

describe('name files', () => {
  it('are read by two readers: services', () => {
    const file = sourceFile('s', '# c\nweb 80/tcp www # x\n  in 5/dccp\nbad x/tcp\nno\n99\n')
    expect(parseServices(file)).toEqual({
      from: 's',
      entries: [
        { name: 'web', aliases: ['www'], port: 80, protocol: 'tcp' },
        { name: 'in', aliases: [], port: 5, protocol: 'dccp' },
      ],
    })
  })

  it('are read by two readers: protocols', () => {
    const file = sourceFile('p', '#99 9\ntcp 6 TCP # x\n udp 17 UDP\nx y\nah\t51#\n')
    const { byName, aliases } = parseProtocols(file)
    expect([...byName]).toEqual([['tcp', 6]])
    expect([...aliases]).toEqual([
      ['TCP', 6],
      ['udp', 17],
      ['UDP', 17],
      ['ah', 51],
    ])
  })

  it('are read by two readers: ethertypes', () => {
    const { byName } = parseEthertypes(sourceFile('e', 'IPv4 0800 ip\n X 1\nA zz\nLLDP 88CC\n'))
    expect([...byName]).toEqual([
      ['IPv4', '0800'],
      ['LLDP', '88CC'],
    ])
  })
})
