import { describe, expect, it } from 'vitest'
import { SKELETON } from '../../../src/compile/nftables/skeleton.ts'
import type { NftCommand } from '../../../src/netfilter/nft/command.ts'
import type { Origin } from '../../../src/netfilter/origin.ts'
import { quote } from '../../../src/source/source-file.ts'
import { clusterFile, nftAnswer, oneGuest } from '../../support/nftables-case.ts'

const input = oneGuest(
  'policy_in: REJECT',
  'ipfilter: 1',
  '[ALIASES]',
  'web 10.0.0.5',
  '[IPSET ipfilter-net0]',
  'web',
  '!10.0.0.6',
  '[RULES]',
  'GROUP g -i net0',
  'IN REJECT -source web -log info',
)
const { commands } = nftAnswer({
  ...input,
  files: {
    ...input.files,
    'cluster.fw': clusterFile(
      'policy_out: DROP',
      '[group g]',
      'IN HTTP(ACCEPT) -source +s',
      '[IPSET s]',
      '10.0.0.1',
    ),
  },
}).compiled

/** Origins of the rules of a chain, in order. */
function originsOf(chain: string): readonly Origin[] {
  return commands.flatMap(({ json, origin }) =>
    JSON.stringify(json).includes(`"chain":"${chain}"`) ? [origin] : [],
  )
}

/** What made a rule, in short. */
function shown(origin: Origin): string {
  const at = origin.span === null ? '' : quote(origin.span)
  switch (origin.kind) {
    case 'rule': {
      const via = origin.via.map(({ what, name }) => ` ${what} ${name}`).join('')
      return `${at}${via} ${origin.means}`
    }
    case 'policy':
      return `policy ${origin.option} ${at} ${origin.means}`
    case 'generated':
      return `generated ${origin.by} ${at} ${origin.means}`
    default:
      return origin.kind
  }
}

describe('every command says why it is there', () => {
  it('a rule of a group names the line in the group, the macro and the set', () => {
    const line = 'IN HTTP(ACCEPT) -source +s'
    expect(originsOf('group-g-in').map(shown).slice(0, 2)).toEqual([
      `${line} group g macro HTTP ipset s accept`,
      `${line} group g macro HTTP ipset s accept`,
    ])
  })

  it('rules, jumps, log rules and the policy of a guest', () => {
    expect(originsOf('guest-100-in').map(shown)).toEqual([
      'generated create_guest_chain  null',
      'generated create_ipfilter_rules ipfilter: 1 drop',
      'generated handle_guest_options  null',
      'generated handle_guest_options  null',
      'generated create_guest_rules  null',
      'GROUP g -i net0 group g null',
      'IN REJECT -source web -log info alias web null',
      'IN REJECT -source web -log info alias web drop',
      'policy policy_in policy_in: REJECT drop',
    ])
  })

  it('a policy that is not set has no line', () => {
    expect(originsOf('cluster-out').map(shown)).toEqual(['policy policy_out policy_out: DROP drop'])
    expect(originsOf('cluster-in').map(shown)).toEqual(['policy policy_in  drop'])
  })

  it('elements name their own lines', () => {
    const elements = commands.filter(({ json }) => JSON.stringify(json).includes('ipfilter-net0'))
    const lines = elements.flatMap(({ elementOrigins }) => elementOrigins?.map(shown) ?? [])
    expect(lines).toEqual([
      'web ipset ipfilter-net0 alias web null',
      '!10.0.0.6 ipset ipfilter-net0 null',
    ])
    const nic = commands.flatMap(({ json, elementOrigins }) =>
      JSON.stringify(json).includes('"name":"vm-map-out","elem"') ? (elementOrigins ?? []) : [],
    )
    expect(nic.map(shown)).toEqual([
      'generated create_guest_rules net0: virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1 null',
    ])
  })

  it('as many origins as elements', () => {
    for (const { json, elementOrigins } of commands) {
      const added = json['add'] as
        | { readonly element?: { readonly elem: readonly unknown[] } }
        | undefined
      expect(elementOrigins?.length).toBe(added?.element?.elem.length)
    }
  })

  it('what is generated is explained in a sentence', () => {
    const reasons = (list: readonly NftCommand[]) =>
      list.flatMap(({ origin }) => (origin.kind === 'generated' ? [origin.why] : []))
    for (const why of [...reasons(SKELETON), ...reasons(commands)])
      expect(why).toMatch(/^\S.{10,}[^.\s]$/)
  })

  it('what is the same for all guests is one object', () => {
    const fixed = (chain: string) => originsOf(chain).filter(({ span }) => span === null)
    const again = nftAnswer(input).compiled.commands.map(({ origin }) => origin)
    for (const origin of fixed('guest-100-out'))
      expect(origin.kind === 'policy' || again.includes(origin)).toBe(true)
  })
})
