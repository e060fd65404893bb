import type { ChainTrace } from '../../src/eval/trace.ts'
import type { Answer } from '../../src/render/answer.ts'
import { sourceFile } from '../../src/source/source-file.ts'
import {
  ACCEPT,
  answer,
  byLine,
  byPolicy,
  CONTINUE,
  clusterFw,
  DROP,
  goto,
  guestFw,
  hit,
  hop,
  jump,
  lineOf,
  made,
  markTest,
  RESET,
  RETURN,
  rule,
  throughBridge,
  trace,
  walk,
} from './build.ts'

/** Answers that together use every kind of line a trace can show. */

const connmark = hit(1, rule('-j CONNMARK --set-mark 105', made('marks the connection')), CONTINUE)
const groupLine = lineOf(guestFw, 6)
const dropLine = byLine(lineOf(guestFw, 7), 'drop')
const dropRule = rule('-p tcp --dport 80 -j DROP', dropLine)
const acceptRule = rule('-p tcp -j ACCEPT', byLine(lineOf(guestFw, 8), 'accept'))

function guestChain(hits: ChainTrace['hits'], end: ChainTrace['end'] = 'verdict'): ChainTrace {
  return walk('tap105i0-IN', hits, end)
}

const setMark = (number: number, line: number): ChainTrace['hits'][number] =>
  hit(
    number,
    rule(
      '-p tcp --dport 80 -g PVEFW-SET-ACCEPT-MARK',
      byLine(lineOf(clusterFw, line), 'accept', [{ what: 'macro', name: 'HTTP', span: null }]),
    ),
    goto('PVEFW-SET-ACCEPT-MARK'),
    walk('PVEFW-SET-ACCEPT-MARK', [
      hit(
        1,
        rule('-j MARK --set-mark 0x80000000/0x80000000', made('sets the accept mark')),
        CONTINUE,
      ),
    ]),
  )

const droppedByRule: Answer = answer(
  trace('drop', throughBridge(guestChain([connmark, hit(6, dropRule, DROP)]))),
  {
    overruled: [
      {
        chain: guestChain([]).chain,
        rule: acceptRule,
        index: 6,
        would: 'accept',
        first: dropRule,
      },
    ],
  },
)

const groupJump = byLine(groupLine, null, [{ what: 'group', name: 'web', span: groupLine }])
const groupAccept = byLine(groupLine, 'accept', [{ what: 'group', name: 'web', span: groupLine }])

const acceptedByGroup: Answer = answer(
  trace(
    'accept',
    throughBridge(
      guestChain([
        connmark,
        hit(
          3,
          rule('-j GROUP-web-IN', groupJump),
          jump('GROUP-web-IN'),
          walk('GROUP-web-IN', [setMark(2, 5)]),
        ),
        hit(4, markTest(groupAccept), ACCEPT),
      ]),
    ),
    {
      assumptions: [
        {
          kind: 'limit',
          text: 'the rate `limit 1/sec` is not exceeded',
          rule: rule('-m limit --limit 1/sec -j NFLOG', byLine(lineOf(guestFw, 8), null)),
        },
      ],
    },
  ),
)

const droppedByGroup: Answer = answer(
  trace(
    'drop',
    throughBridge(
      guestChain([
        hit(
          3,
          rule('-j GROUP-web-IN', groupJump),
          jump('GROUP-web-IN'),
          walk('GROUP-web-IN', [
            hit(3, rule('-p tcp --dport 23 -j DROP', byLine(lineOf(clusterFw, 6), 'drop')), DROP),
          ]),
        ),
      ]),
    ),
  ),
)

const policyDrop: Answer = answer(
  trace(
    'drop',
    throughBridge(
      guestChain([
        hit(
          7,
          rule('-j PVEFW-Drop', byPolicy('policy_in', lineOf(guestFw, 3), null)),
          jump('PVEFW-Drop'),
          walk('PVEFW-Drop', [
            hit(
              9,
              rule(
                '-p tcp --match multiport --dports 135,139,445 -j DROP',
                made(
                  'Windows file sharing noise is dropped before the policy line, so that it is not logged',
                  'drop',
                ),
              ),
              DROP,
            ),
          ]),
        ),
      ]),
    ),
  ),
  { kernel: 'filter:PVEFW-Drop:rule:9' },
)

const hostPolicy = byPolicy('policy_in', null, 'drop')

const policyByDefault: Answer = answer(
  trace('drop', [
    hop({ hook: 'input', iif: 'vmbr0', physin: 'eno1' }, [
      walk('INPUT', [
        hit(
          1,
          rule('-j PVEFW-INPUT', made('to the host')),
          jump('PVEFW-INPUT'),
          walk('PVEFW-HOST-IN', [hit(20, rule('-j DROP', hostPolicy), DROP)]),
        ),
      ]),
    ]),
  ]),
  { kernel: 'filter:PVEFW-HOST-IN:rule:20' },
)

const leakLine = lineOf(clusterFw, 9)

const staleMark: Answer = answer(
  trace('accept', [
    hop({ hook: 'input', iif: 'vmbr0', physin: 'fwpr105p0' }, [
      walk(
        'INPUT',
        [
          hit(
            1,
            rule('-j PVEFW-INPUT', made('to the host')),
            jump('PVEFW-INPUT'),
            walk(
              'PVEFW-HOST-IN',
              [
                hit(
                  5,
                  markTest(
                    byLine(leakLine, 'accept', [{ what: 'group', name: 'web', span: leakLine }]),
                  ),
                  RETURN,
                ),
              ],
              'return',
            ),
          ),
        ],
        'policy',
        'input',
      ),
    ]),
  ]),
  { kernel: 'filter:PVEFW-HOST-IN:rule:5' },
)

const rejectLine = byLine(lineOf(clusterFw, 10), 'reject')

const rejected: Answer = answer(
  trace(
    'reject',
    [
      hop({ hook: 'input', iif: 'vmbr0', physin: 'eno1' }, [
        walk(
          'PVEFW-HOST-IN',
          [
            hit(
              6,
              rule('-p tcp --dport 113 -j PVEFW-reject', rejectLine),
              jump('PVEFW-reject'),
              walk('PVEFW-reject', [
                hit(
                  4,
                  rule(
                    '-p tcp -j REJECT --reject-with tcp-reset',
                    made('TCP is rejected with a reset', 'reject'),
                  ),
                  RESET,
                ),
              ]),
            ),
          ],
          'verdict',
          'input',
        ),
      ]),
    ],
    {
      reply: { with: 'tcp-reset', reachesSender: false, why: 'the reset is INVALID on fwbr105i0' },
    },
  ),
  { kernel: 'filter:PVEFW-reject:rule:4' },
)

const generated: Answer = answer(
  trace(
    'drop',
    throughBridge(
      walk(
        'PVEFW-FORWARD',
        [
          hit(
            1,
            rule(
              '-m conntrack --ctstate INVALID -j DROP',
              made('conntrack cannot make sense of the packet', 'drop'),
            ),
            DROP,
          ),
        ],
        'verdict',
      ),
    ),
  ),
  { kernel: 'filter:PVEFW-FORWARD:rule:1' },
)

const unfiltered: Answer = answer(
  trace('accept', [
    hop({ iif: 'vmbr0', oif: 'vmbr0', physin: 'eno1', physout: 'tap106i0' }, [
      walk('FORWARD', [], 'policy', 'forward'),
    ]),
  ]),
  { kernel: null },
)

const disabled: Answer = answer(trace('accept', []), {
  kernel: null,
  remarks: ['the firewall is off: cluster.fw has no `enable: 1`'],
})

const hostileFw = sourceFile(
  'etc/pve/firewall/105.fw',
  `${Buffer.from(
    'IN DROP -p tcp # \u001b[2J\u001b]0;owned\u0007 \u202Egnp.exe \u009b1A \u200b caf\u00e9 \u{1F512}',
    'utf8',
  ).toString('latin1')}\xff\xfe\r`,
)

const hostile: Answer = answer(
  trace(
    'drop',
    throughBridge(
      guestChain([hit(2, rule('-p tcp -j DROP', byLine(lineOf(hostileFw, 1), 'drop')), DROP)]),
    ),
  ),
  {
    headline: {
      proto: 'tcp',
      from: null,
      src: '192.0.2.1:1',
      to: 'vm\u001b[31m\u0085105',
      dst: null,
    },
  },
)

/** All of them by name. */
export const SITUATIONS = {
  droppedByRule,
  acceptedByGroup,
  droppedByGroup,
  policyDrop,
  policyByDefault,
  staleMark,
  rejected,
  generated,
  unfiltered,
  disabled,
  hostile,
} as const
