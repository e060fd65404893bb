import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { predictRefusals } from '../../../src/compile/nftables/refusals.ts'
import { SKELETON } from '../../../src/compile/nftables/skeleton.ts'
import type { NftCommand } from '../../../src/netfilter/nft/command.ts'
import { applyNftCommands } from '../../../src/read/nft/apply.ts'
import { renderNftScript } from '../../../src/render/nft-script.ts'
import { renderNftText } from '../../../src/render/nft-text.ts'
import { REFUSED_BY_NFT } from '../../support/nft-refusals.ts'
import { nftAnswer, oneGuest } from '../../support/nftables-case.ts'

const directory = mkdtempSync(join(tmpdir(), 'pvefw-nft-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Runs commands of a shell in a network namespace of their own; null when that cannot be done here. */
function inNamespace(script: string): { readonly status: number; readonly output: string } | null {
  const done = spawnSync('unshare', ['-n', 'sh', '-c', script], {
    encoding: 'utf8',
    cwd: directory,
  })
  return done.status === null
    ? null
    : { status: done.status, output: `${done.stdout}${done.stderr}` }
}

const ready = inNamespace('nft add table inet probe')?.status === 0
const version = /v(\d+(?:\.\d+)+)/.exec(inNamespace('nft --version')?.output ?? '')?.[1] ?? ''

/** Sets that nft cannot make from JSON as the skeleton has them: as text, beforehand. */
const SETS = `table inet proxmox-firewall {
${['v4', 'v6']
  .flatMap((family) => ['management', 'management-nomatch'].map((name) => [family, name]))
  .map(
    ([family, name]) =>
      `  set ${family}-dc/${name} { type ip${family}_addr; flags interval; auto-merge; }`,
  )
  .join('\n')}
  set v4-synflood-limit { type ipv4_addr; flags dynamic,timeout; timeout 60s; }
  set v6-synflood-limit { type ipv6_addr; flags dynamic,timeout; timeout 60s; }
}
`

/** The part of a batch that concerns the host: the bridge table needs modules of the kernel that are often missing. */
function hostBatch(commands: readonly NftCommand[]): string {
  const own = commands
    .map(({ json }) => json)
    .filter((json) => {
      const text = JSON.stringify(json)
      return !text.includes('"family":"bridge"') && !text.includes('-synflood-limit","type"')
    })
  return JSON.stringify({ nftables: own })
}

/** Loads the skeleton, then the commands, for the host's table. */
function load(
  commands: readonly NftCommand[],
): { readonly status: number; readonly output: string } | null {
  writeFileSync(join(directory, 'sets.nft'), SETS)
  writeFileSync(join(directory, 'skeleton.json'), hostBatch(SKELETON))
  writeFileSync(join(directory, 'update.json'), hostBatch(commands))
  return inNamespace(
    'nft -f sets.nft && nft -j -f skeleton.json && echo skeleton && nft -j -f update.json && nft list ruleset',
  )
}

describe.skipIf(!ready)('nft itself', () => {
  it('loads the skeleton of the host and lists as many rules', () => {
    const loaded = load([])
    expect(loaded?.output).toMatch(/^skeleton\n/)
    expect(loaded?.status).toBe(0)
  })

  it('loads skeleton.nft, and again on top of itself, to the same rules', () => {
    const host = applyNftCommands(SKELETON).tables.filter(({ family }) => family === 'inet')
    writeFileSync(join(directory, 'skeleton.nft'), renderNftScript(host))
    const once = inNamespace('nft -f skeleton.nft && nft list ruleset')
    const twice = inNamespace('nft -f skeleton.nft && nft -f skeleton.nft && nft list ruleset')
    expect(once).toMatchObject({ status: 0 })
    expect(twice).toEqual(once)
    expect(once?.output).toBe(
      renderNftText(host, version.startsWith('1.0.') ? 'slashes' : 'operators'),
    )
  })

  it('loads the rules of a whole node', () => {
    const rules = [
      'IN SSH(ACCEPT) -source +dc/s -log info',
      'GROUP g -i vmbr0',
      'FORWARD REJECT -p tcp -dport 1:9,80',
    ]
    const { files, ...rest } = oneGuest('[RULES]', 'GROUP g -i net0')
    const cluster = [
      '[OPTIONS]',
      'enable: 1',
      '[IPSET s]',
      '10.0.0.0/8',
      '!10.1.0.0/16',
      '[group g]',
      'IN Ping(DROP)',
      '[RULES]',
      ...rules,
    ]
    const { compiled } = nftAnswer({
      ...rest,
      files: { ...files, 'cluster.fw': cluster.join('\n') },
    })
    expect(load(compiled.commands)?.status).toBe(0)
  })

  const cases = REFUSED_BY_NFT.filter(({ bridge }) => bridge === undefined)
  it.each(cases)('agrees about $name', ({ input }) => {
    const { tree, compiled } = nftAnswer(input)
    const host = compiled.commands.filter(({ json }) => !JSON.stringify(json).includes('"bridge"'))
    const predicted = predictRefusals(host, tree.protocols, version)
    const loaded = load(compiled.commands)
    expect(loaded?.output).toMatch(/^skeleton\n/)
    expect([loaded?.status === 0, loaded?.output]).toEqual([predicted.length === 0, loaded?.output])
    if (version === '1.0.6')
      for (const { message } of predicted) expect(loaded?.output).toContain(`Error: ${message}`)
  })
})
