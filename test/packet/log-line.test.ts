import { expect, test } from 'vitest'
import { logLineQuery } from '../../src/packet/log-line.ts'

test.each([
  [
    'to a guest, by its chain',
    '105 6 tap105i0-IN 01/Jan/2025:10:00:00 +0000 DROP: IN=fwbr105i0 OUT=fwbr105i0 SRC=192.0.2.1 DST=192.0.2.2 PROTO=UDP SPT=5 DPT=53',
    { from: 'outside', to: '105/net0', proto: 17, sport: 5, dport: 53, flags: null },
  ],
  [
    'from a guest, by its device',
    '105 6 tap105i1-OUT 01/Jan/2025:10:00:00 +0000 ACCEPT: IN=fwbr105i1 OUT=fwbr105i1 PHYSIN=tap105i1 PHYSOUT=fwln105i1 SRC=192.0.2.2 DST=192.0.2.1 PROTO=TCP SPT=5 DPT=80 SYN',
    { from: '105/net1', to: 'outside', proto: 6, flags: 2 },
  ],
  [
    'to the host',
    '0 6 PVEFW-HOST-IN 01/Jan/2025:10:00:00 +0000 policy DROP: IN=vmbr0 SRC=192.0.2.1 DST=192.0.2.3 PROTO=TCP SPT=5 DPT=22 SYN',
    { from: 'outside', to: 'host', dport: 22 },
  ],
  [
    'from the host, as the kernel logs it',
    '[1.0] pvefw: IN= OUT=vmbr0 SRC=192.0.2.3 DST=192.0.2.1 LEN=84 PROTO=ICMP TYPE=8 CODE=0 ID=3 SEQ=1',
    { from: 'host', to: 'outside', proto: null, icmpType: '8/0' },
  ],
  [
    'an ICMP error, which quotes another packet',
    'IN=vmbr0 OUT= SRC=192.0.2.1 DST=192.0.2.3 PROTO=ICMP TYPE=3 CODE=3 [SRC=192.0.2.3 DST=192.0.2.9 PROTO=UDP SPT=1 DPT=2 ]',
    { src: '192.0.2.1', icmpType: '3/3', sport: null },
  ],
  [
    'IPv6',
    'IN=vmbr0 OUT= SRC=2001:db8::1 DST=2001:db8::2 PROTO=TCP SPT=1 DPT=8006 SYN ACK',
    { family: 6, flags: 18, dport: 8006 },
  ],
])('%s', (_, line, expected) => {
  expect(logLineQuery(line)).toMatchObject(expected)
})

test('a line without addresses is no packet', () => {
  expect(logLineQuery('0 6 - 01/Jan/2025:10:00:00 +0000 starting pvefw logger')).toBeNull()
  expect(logLineQuery('')).toBeNull()
})
