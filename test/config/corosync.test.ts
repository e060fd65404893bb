import { describe, expect, it } from 'vitest'
import { parseCorosync } from '../../src/config/corosync.ts'
import { quote, sourceFile } from '../../src/source/source-file.ts'

const read = (text: string) => parseCorosync(sourceFile('etc/pve/corosync.conf', text))

const CLUSTER = `totem {
  ip_version: ipv4-6
  transport: knet # not udp
  interface {
    linknumber: 0
  }
}
nodelist {
  node {
    name: b
    ring0_addr: 10.0.0.2
    link1_addr: b.lab
    nodeid: 2
  }
  node {
    ring0_addr: a
  }
}
`

describe('parseCorosync', () => {
  it('reads nodes and links in the order of the file', () => {
    const { value, diagnostics } = read(CLUSTER)
    expect(diagnostics).toEqual([])
    expect(value).toMatchObject({ transport: 'knet', ipVersion: 'ipv4-6' })
    expect(value?.nodes.map(({ name, links }) => [name, [...links.keys()]])).toEqual([
      ['b', ['ring0_addr', 'link1_addr']],
      ['a', ['ring0_addr']],
    ])
    const link = value?.nodes[0]?.links.get('link1_addr')
    expect(link?.value).toBe('b.lab')
    expect(link && quote(link.span)).toBe('b.lab')
  })

  it('takes an empty file and one without end for a cluster', () => {
    expect(read('').value).toMatchObject({ transport: null, nodes: [] })
    expect(read('nodelist { node { name: a').value?.nodes).toMatchObject([{ name: 'a' }])
  })

  it('keeps the later of two nodes of one name', () => {
    const { value } = read('nodelist { node { name: a ring0_addr: x } node { name: a } }')
    expect(value?.nodes.map(({ links }) => links.size)).toEqual([0])
  })

  it.each<[string, string]>([
    ['totem { } totem { }', 'totem'],
    ['totem { version 2 }', 'version'],
    ['totem { cluster_name: my lab }', 'lab'],
    ['totem { } }', '}'],
    ['totem { a:', 'a:'],
    ['a { '.repeat(100), 'a'],
  ])('%j kills pve-firewall at `%s`', (text, at) => {
    const { value, diagnostics } = read(text)
    expect(value).toBeNull()
    expect(diagnostics).toMatchObject([{ code: 'config/corosync-invalid', severity: 'error' }])
    expect(diagnostics[0]?.span && quote(diagnostics[0].span)).toBe(at)
  })
})
