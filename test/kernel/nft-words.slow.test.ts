import { describe, expect, it } from 'vitest'
import type { Rule } from '../../src/netfilter/ruleset.ts'
import { readLive } from '../../src/read/live/read-live.ts'
import { renderNftText } from '../../src/render/nft-text.ts'
import { sourceFile } from '../../src/source/source-file.ts'
import { inNameSpace, titled, toolsMissing } from './name-space.ts'
import { NFT_BASE, NFT_RULES } from './nft-rules.ts'

const missing = toolsMissing('nft --version | grep -q "v1\\.0\\.6"')

/** What nft lists of each rule, loaded alone: as text and as JSON. */
function listings(): readonly {
  readonly rule: string
  readonly text: string
  readonly json: string
}[] {
  const steps = NFT_RULES.map((rule) =>
    [
      'nft flush chain inet t c',
      `nft add rule inet t c '${rule}'`,
      'nft list chain inet t c',
      'echo ==json',
      'nft -j list table inet t',
      'echo ==end',
    ].join('\n'),
  )
  const { out, said } = inNameSpace(`nft -f - <<'END'\n${NFT_BASE}END\n${steps.join('\n')}\n`)
  expect(said).toBe('')
  const parts = out.split('==end\n')
  return NFT_RULES.map((rule, at) => {
    const [text = '', json = ''] = (parts[at] ?? '').split('==json\n')
    return { rule, text, json }
  })
}

/** What nobody can say of a packet of which only a trace's question is known. */
const BEYOND = [
  /^ip saddr \. tcp dport (?:@p|\{ 1\.2\.3\.4)/,
  /^udp length/,
  /^ct state & /,
  /^ct (?:status|direction|count)/,
  /^meta (?:skuid|length)/,
  /^iifgroup/,
  /^ip daddr & /,
  /^ip saddr vmap \{ 10\.0\.0\.0\/8/,
  /^ip (?:length|ttl|dscp)/,
  /^fib saddr \. iif/,
  /^limit name/,
  /^(?:synproxy|socket|rt|exthdr|@nh)/,
  /^(?:ip saddr|tcp dport) set /,
]

function isOpen({ body }: Rule): boolean {
  return body.some(
    (statement) =>
      statement.kind === 'opaque' ||
      (statement.kind === 'match' && statement.match.kind === 'opaque'),
  )
}

describe.skipIf(missing !== null)(titled('rules as nft 1.0.6 lists them', missing), () => {
  it(`have the words of nft list, made from its JSON: ${NFT_RULES.length} rules`, () => {
    const all = listings()
    const ours = all.map(({ json }) => {
      const { nftTables } = readLive([sourceFile('nft.json', json)])
      const text = renderNftText(nftTables, 'slashes')
      return text.slice(text.indexOf('\tchain c {'))
    })
    const theirs = all.map(({ text }) => text.slice(text.indexOf('\tchain c {')))
    expect(ours).toEqual(theirs)
  })

  it('are evaluated, but for those that look at what no question tells', () => {
    const open = listings().filter(({ json }) => {
      const { ruleset } = readLive([sourceFile('nft.json', json)])
      const rule = ruleset.tables[0]?.chains.get('c')?.rules[0]
      return rule === undefined || isOpen(rule)
    })
    expect(open.map(({ rule }) => rule)).toEqual(
      NFT_RULES.filter((rule) => BEYOND.some((beyond) => beyond.test(rule))),
    )
  })
})
