import { describe, expect, it } from 'vitest'
import { splitEndpointText } from '../../src/packet/endpoint-text.ts'

const isProtocol = (name: string): boolean => ['tcp', 'udp', 'icmp'].includes(name.toLowerCase())
const parts = (base: string, port: string | null = null, proto: string | null = null) => ({
  base,
  port,
  proto,
})

describe('splitEndpointText', () => {
  it.each([
    ['105', parts('105')],
    ['105:80', parts('105', '80')],
    ['105:80/tcp', parts('105', '80', 'tcp')],
    ['105:https/TCP', parts('105', 'https', 'TCP')],
    ['105/tcp', parts('105', null, 'tcp')],
    ['105/net1', parts('105/net1')],
    ['vm105/net1:22/tcp', parts('vm105/net1', '22', 'tcp')],
    ['dc/web', parts('dc/web')],
    ['dc/web:443', parts('dc/web', '443')],
    ['+lan', parts('+lan')],
    ['vmbr0/tap999i0', parts('vmbr0/tap999i0')],
    ['10.0.0.0/8', parts('10.0.0.0/8')],
    ['192.168.1.53:4431', parts('192.168.1.53', '4431')],
    ['2001:db8::1', parts('2001:db8::1')],
    ['[2001:db8::1]', parts('2001:db8::1')],
    ['[2001:db8::1]:443/tcp', parts('2001:db8::1', '443', 'tcp')],
    ['outside', parts('outside')],
    ['outside:vmbr1', parts('outside:vmbr1')],
    ['outside:80', parts('outside', '80')],
    ['outside:vmbr1:80', parts('outside:vmbr1', '80')],
    ['outside:vmbr1:80/udp', parts('outside:vmbr1', '80', 'udp')],
    ['', null],
    [':80', null],
    ['105:', null],
    ['[2001:db8::1', null],
    ['[::1]x', null],
    ['/tcp', parts('/tcp')],
  ])('%s', (text, expected) => {
    expect(splitEndpointText(text, isProtocol)).toEqual(expected)
  })
})
