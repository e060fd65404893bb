import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadTree } from '../../src/config/load.ts'
import { showAddr } from '../../src/ip/address.ts'
import { showCidr } from '../../src/ip/prefix.ts'
import { corpusCases, realworldCases } from '../support/corpus.ts'

function load(root: string) {
  return loadTree({ root, node: null, guest: null, hostIp: null, localNetwork: null })
}

const generated = [...corpusCases('clean'), ...corpusCases('messy')]
const published = realworldCases()

describe('the corpus', () => {
  it.skipIf(generated.length === 0)('loads: the node, its address and its network', () => {
    for (const root of generated) {
      const { tree, diagnostics } = load(root)
      expect(tree?.node, root).toBe('pve1')
      expect(tree?.hostIp && showAddr(tree.hostIp.value), root).toBe('10.10.0.1')
      expect(tree?.localNetwork && showCidr(tree.localNetwork.value), root).toBe('10.10.0.0/24')
      expect(
        diagnostics.filter(({ severity }) => severity !== 'note'),
        root,
      ).toEqual([])
    }
  })

  it.skipIf(published.length === 0)('of published configurations loads without errors', () => {
    for (const root of published) {
      const { tree, diagnostics } = load(root)
      expect(tree?.hostIp, root).not.toBeNull()
      expect(tree?.localNetwork, root).not.toBeNull()
      expect(
        diagnostics.filter(({ severity }) => severity !== 'note'),
        root,
      ).toEqual([])
    }
  })

  /** The real program put the network it found into the set `management`, unless cluster.fw names one. */
  it.skipIf(generated.length === 0)('has the network that pve-firewall was given', () => {
    let compared = 0
    for (const root of [...generated, ...published]) {
      const { tree } = load(root)
      const path = join(root, 'expect/iptables/ipset.txt')
      const cluster = tree?.clusterFw?.text ?? ''
      if (!existsSync(path) || /^local_network/im.test(cluster)) continue
      const network = tree?.localNetwork
      if (network === null || network === undefined) throw new Error(`no network in ${root}`)
      const set = `add PVEFW-0-management-v${network.value.address.version} ${showCidr(network.value)}`
      const sets = readFileSync(path, 'latin1')
      if (!sets.includes('create PVEFW-0-management-')) continue
      expect(sets.split('\n'), root).toContain(set)
      compared += 1
    }
    expect(compared).toBeGreaterThan(100)
  })
})
