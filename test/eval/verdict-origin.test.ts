import { describe, expect, it } from 'vitest'
import { verdictOrigin } from '../../src/eval/verdict-origin.ts'
import { lineNumber } from '../../src/source/source-file.ts'
import {
  ACCEPT,
  byLine,
  byPolicy,
  DROP,
  goto,
  guestFw,
  hit,
  hop,
  lineOf,
  made,
  RETURN,
  rule,
  throughBridge,
  trace,
  walk,
} from '../render/build.ts'
import { SITUATIONS } from '../render/situations.ts'

type Expected = {
  readonly kind: string
  readonly place: string | null
  readonly chain: string | null
  readonly via: readonly string[]
}

function seen(of: Parameters<typeof verdictOrigin>[0]): Expected {
  const origin = verdictOrigin(of)
  const { span } = origin
  return {
    kind: origin.kind,
    place:
      span === null
        ? null
        : `${span.file.path.split('/').at(-1)}:${lineNumber(span.file, span.start)}`,
    chain: origin.chain?.name ?? null,
    via: origin.via.map((via) => `${via.what} ${via.name}`),
  }
}

describe('verdictOrigin of a situation', () => {
  it.each([
    ['a rule that drops', 'droppedByRule', 'rule', '105.fw:7', 'tap105i0-IN', []],
    [
      'a rule in a group that accepts by mark',
      'acceptedByGroup',
      'rule',
      'cluster.fw:5',
      'GROUP-web-IN',
      ['group web', 'macro HTTP'],
    ],
    [
      'a rule in a group that drops',
      'droppedByGroup',
      'rule',
      'cluster.fw:6',
      'GROUP-web-IN',
      ['group web'],
    ],
    [
      'a policy that is set, in the chain it looks at first',
      'policyDrop',
      'policy',
      '105.fw:3',
      'tap105i0-IN',
      [],
    ],
    ['a policy by default', 'policyByDefault', 'policy', null, 'PVEFW-HOST-IN', []],
    [
      'a mark test whose group was not entered',
      'staleMark',
      'rule',
      'cluster.fw:9',
      'PVEFW-HOST-IN',
      [],
    ],
    [
      'a REJECT line that ends in a shared chain',
      'rejected',
      'rule',
      'cluster.fw:10',
      'PVEFW-HOST-IN',
      [],
    ],
    ['a rule that no line made', 'generated', 'generated', null, 'PVEFW-FORWARD', []],
    ['the end of a built-in chain', 'unfiltered', 'policy', null, 'FORWARD', []],
    ['no chain at all', 'disabled', 'none', null, null, []],
  ] as const)('%s', (_name, situation, kind, place, chain, via) => {
    expect(seen(SITUATIONS[situation].trace)).toEqual({ kind, place, chain, via })
  })

  it('tells a stale mark from one that the group set', () => {
    expect(verdictOrigin(SITUATIONS.staleMark.trace).staleMark).toBe(true)
    expect(verdictOrigin(SITUATIONS.acceptedByGroup.trace).staleMark).toBe(false)
  })
})

describe('verdictOrigin of an accept', () => {
  const out = hop({ iif: 'fwbr105i0' }, [
    walk(
      'FORWARD',
      [hit(9, rule('-g PVEFW-SET-ACCEPT-MARK', byPolicy('policy_out', null, 'accept')), goto('X'))],
      'policy',
      'forward',
    ),
  ])
  const established = hop({}, [
    walk(
      'FORWARD',
      [
        hit(
          2,
          rule('-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', made('known', 'accept')),
          ACCEPT,
        ),
      ],
      'verdict',
      'forward',
    ),
  ])
  const into = (rest: Parameters<typeof hit>): ReturnType<typeof hop> =>
    hop({}, [walk('FORWARD', [hit(...rest)], 'verdict', 'forward')])
  const byRule = into([3, rule('-j ACCEPT', byLine(lineOf(guestFw, 8), 'accept')), ACCEPT])

  it('names the last hop where a line or policy accepted', () => {
    expect(seen(trace('accept', [out, byRule]))).toMatchObject({ kind: 'rule', place: '105.fw:8' })
    expect(seen(trace('accept', [byRule, out]))).toMatchObject({ kind: 'policy', place: null })
  })

  it('looks past generated rules to a line or policy', () => {
    expect(seen(trace('accept', [out, established]))).toMatchObject({ kind: 'policy' })
  })

  it('names a generated rule when nothing configured accepted', () => {
    expect(seen(trace('accept', [established]))).toMatchObject({
      kind: 'generated',
      chain: 'FORWARD',
    })
  })

  it('means the compiled RETURN of a host rule too', () => {
    const host = hop({ hook: 'input' }, [
      walk(
        'INPUT',
        [hit(1, rule('-j RETURN', byLine(lineOf(guestFw, 8), 'accept')), RETURN)],
        'policy',
        'input',
      ),
    ])
    expect(seen(trace('accept', [host]))).toMatchObject({ kind: 'rule', place: '105.fw:8' })
  })
})

describe('verdictOrigin of a refusal', () => {
  it('is the end of a base chain when its policy drops', () => {
    const dropped = trace('drop', [hop({ hook: 'input' }, [walk('INPUT', [], 'policy', 'input')])])
    expect(seen(dropped)).toEqual({ kind: 'policy', place: null, chain: 'INPUT', via: [] })
  })

  it('is the generated rule even below the jumps to a guest’s chain', () => {
    const mac = rule('-m mac ! --mac-source 02:00:00:00:00:01 -j DROP', made('foreign MAC', 'drop'))
    const dropped = trace(
      'drop',
      throughBridge(walk('tap105i0-IN', [hit(2, mac, DROP)], 'verdict')),
    )
    expect(seen(dropped)).toMatchObject({ kind: 'generated', chain: 'tap105i0-IN' })
  })
})
