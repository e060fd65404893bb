import { describe, expect, it } from 'vitest'
import type { Origin } from '../../src/netfilter/origin.ts'
import type { Handed, RestoreLine, RestoreTable } from '../../src/netfilter/restore.ts'
import { renderEbtables, renderHanded, renderTable } from '../../src/render/iptables-save.ts'

const origin: Origin = { kind: 'generated', by: 'test', why: 'test', span: null, means: null }

function line(text: string): RestoreLine {
  return { text, origin }
}

function table(chains: Readonly<Record<string, readonly string[]>>): RestoreTable {
  const made = Object.entries(chains).map(([name, lines]) => [name, lines.map(line)] as const)
  return {
    family: 'ip',
    table: 'filter',
    hooks: [{ chain: 'INPUT', line: line('-j PVEFW-INPUT') }],
    chains: new Map(made),
  }
}

describe('iptables-restore input', () => {
  it('sorts chains by bytes and ends each with its signature', () => {
    const text = renderTable(
      table({ 'tap1i0-IN': [' -j ACCEPT'], 'PVEFW-INPUT': ['-p igmp -j RETURN'] }),
    )
    expect(text.split('\n')).toEqual([
      '*filter',
      ':PVEFW-INPUT - [0:0]',
      ':tap1i0-IN - [0:0]',
      '-A INPUT -j PVEFW-INPUT',
      '-F PVEFW-INPUT',
      '-A PVEFW-INPUT -p igmp -j RETURN',
      expect.stringMatching(/^-A PVEFW-INPUT -m comment --comment "PVESIG:[A-Za-z0-9+/]{27}"$/),
      '-F tap1i0-IN',
      '-A tap1i0-IN  -j ACCEPT',
      expect.stringContaining('-A tap1i0-IN -m comment'),
      'COMMIT',
      '',
    ])
  })

  it('signs an empty chain with the checksum of nothing', () => {
    expect(renderTable(table({ 'PVEFW-OUTPUT': [] }))).toContain(
      '"PVESIG:2jmj7l5rSw0yVb/vlWAYkK/YBwk"',
    )
  })
})

describe('ebtables-restore input', () => {
  it('names the built-in chains, puts the hook last and has no COMMIT', () => {
    const hooks = [{ chain: 'FORWARD', line: line('-j PVEFW-FORWARD') }]
    const chains = new Map([['PVEFW-FORWARD', [line('-p IPv4 -j ACCEPT')]]])
    expect(renderEbtables({ hooks, chains })).toBe(
      [
        '*filter',
        ':FORWARD ACCEPT',
        ':INPUT ACCEPT',
        ':OUTPUT ACCEPT',
        ':PVEFW-FORWARD ACCEPT',
        '-A PVEFW-FORWARD -p IPv4 -j ACCEPT',
        '-A FORWARD -j PVEFW-FORWARD',
        '',
      ].join('\n'),
    )
  })
})

describe('a firewall that is off', () => {
  it('hands over empty tables and no sets', () => {
    const empty: RestoreTable = { family: 'ip', table: 'raw', hooks: [], chains: new Map() }
    const nothing = { hooks: [], chains: new Map() }
    const handed: Handed = {
      ipset: [],
      v4: { ...empty, table: 'filter' },
      v4raw: empty,
      v6: { ...empty, table: 'filter' },
      v6raw: empty,
      ebtables: nothing,
    }
    expect(renderHanded(handed)).toEqual({
      'ipset.txt': '',
      'v4.rules': '*filter\nCOMMIT\n',
      'v4raw.rules': '*raw\nCOMMIT\n',
      'v6.rules': '*filter\nCOMMIT\n',
      'v6raw.rules': '*raw\nCOMMIT\n',
      'ebtables.txt': '*filter\n:FORWARD ACCEPT\n:INPUT ACCEPT\n:OUTPUT ACCEPT\n',
    })
  })
})
