import { describe, expect, it } from 'vitest'
import { parseGuestConf } from '../../src/config/guest-conf.ts'
import type { Nic } from '../../src/config/tree.ts'
import { quote, sourceFile } from '../../src/source/source-file.ts'

const MAC = 'BC:24:11:00:00:01'

function parse(type: 'qemu' | 'lxc', ...lines: readonly string[]) {
  return parseGuestConf(sourceFile('100.conf', `${lines.join('\n')}\n`), {
    vmid: 100,
    type,
    node: 'pve1',
  })
}

/** The only NIC of a config with this value of net0. */
function nic(type: 'qemu' | 'lxc', value: string, ...more: readonly string[]): Nic {
  const [first, ...others] = parse(type, `net0: ${value}`, ...more).value.nics
  if (first === undefined || others.length > 0) throw new Error('expected one NIC')
  return first
}

describe('a NIC of a VM', () => {
  it('has its model and MAC in one word', () => {
    const found = nic('qemu', `virtio=${MAC},bridge=vmbr0,firewall=1,tag=5,link_down=1`)
    expect(found).toMatchObject({
      id: 'net0',
      index: 0,
      mac: { value: MAC },
      bridge: { value: 'vmbr0' },
      tag: 5,
      firewall: true,
      linkDown: true,
      error: null,
    })
    expect(found.mac && quote(found.mac.span)).toBe(MAC)
    expect(found.bridge && quote(found.bridge.span)).toBe('vmbr0')
    expect(found.firewallSpan && quote(found.firewallSpan)).toBe('1')
    expect(quote(found.span)).toBe(`net0: virtio=${MAC},bridge=vmbr0,firewall=1,tag=5,link_down=1`)
  })

  it.each([
    ['1', true],
    ['on', true],
    ['YES', true],
    ['True', true],
    ['0', false],
    ['off', false],
  ])('firewall=%s is %s', (text, firewall) => {
    expect(nic('qemu', `virtio=${MAC},firewall=${text}`)).toMatchObject({ firewall, error: null })
  })

  it.each<[string, string]>([
    ['virtio=ZZ', 'macaddr: invalid format - value does not look like a valid unicast MAC address'],
    [
      'virtio=01:00:00:00:00:00',
      'macaddr: invalid format - value does not look like a valid unicast MAC address',
    ],
    ['bridge=vmbr0', 'model: property is missing and it is not optional'],
    [`virtio=${MAC},firewall=2`, "firewall: type check ('boolean') failed - got '2'"],
    [`virtio=${MAC},tag=4095`, 'tag: value must have a maximum value of 4094'],
    [`virtio=${MAC},trunks=1;a`, 'trunks: value does not match the regex pattern'],
    [`virtio=${MAC},bridge=vm br0`, "bridge: invalid format - invalid bridge ID 'vm br0'"],
    [
      `virtio=${MAC},name=eth0`,
      'name: property is not defined in schema and the schema does not allow additional properties',
    ],
  ])('%s is refused', (value, error) => {
    expect(nic('qemu', value).error).toBe(`format error\n${error}`)
  })

  it.each<[string, string]>([
    [`virtio=${MAC},e1000=${MAC}`, "key alias 'model' is already defined"],
    [`macaddr=${MAC},virtio=${MAC}`, "key 'macaddr' is already defined (via alias)"],
    [`virtio=${MAC},bridge=a,bridge=b`, 'duplicate key in comma-separated list property: bridge'],
    [`virtio=${MAC},e1000`, 'duplicate key in comma-separated list property: model'],
    [`virtio=${MAC},firewall=`, 'missing key in comma-separated list property'],
  ])('%s is refused at once', (value, error) => {
    expect(nic('qemu', value).error).toBe(error)
  })

  it('may lack the MAC, which is worth a warning when it is filtered', () => {
    const { value, diagnostics } = parse('qemu', 'net0: virtio,bridge=vmbr0,firewall=1')
    expect(value.nics[0]).toMatchObject({ mac: null, error: null })
    expect(diagnostics).toMatchObject([{ code: 'config/nic-without-mac', severity: 'warning' }])
    expect(parse('qemu', 'net0: virtio,bridge=vmbr0').diagnostics).toEqual([])
  })

  it('has the addresses cloud-init sets', () => {
    const found = nic('qemu', `virtio=${MAC}`, 'ipconfig0: ip=10.0.0.5/24,gw=10.0.0.1,ip6=auto')
    expect(found).toMatchObject({ ip: { value: '10.0.0.5/24' }, ip6: { value: 'auto' } })
    expect(found.ip && quote(found.ip.span)).toBe('10.0.0.5/24')
    expect(nic('qemu', `virtio=${MAC}`, 'ipconfig1: ip=dhcp').ip).toBeNull()
    expect(nic('qemu', `virtio=${MAC}`, 'ipconfig0: ip=10.0.0.5').ip).toBeNull()
  })

  it('that does not parse is skipped with what pve-firewall prints', () => {
    const { value, diagnostics } = parse('qemu', 'net0: virtio=ZZ', `net1: virtio=${MAC}`)
    expect(value.nics.map(({ id, error }) => [id, error === null])).toEqual([
      ['net0', false],
      ['net1', true],
    ])
    expect(diagnostics).toMatchObject([
      {
        code: 'config/invalid-nic',
        severity: 'warning',
        upstream: [
          'format error\nmacaddr: invalid format - value does not look like a valid unicast MAC address',
        ],
      },
    ])
  })
})

describe('a NIC of a container', () => {
  it('has addresses of its own', () => {
    const found = nic(
      'lxc',
      `name=eth0,bridge=vmbr0,hwaddr=${MAC},ip=10.0.0.5/24,ip6=fd00::5/64,firewall=1`,
    )
    expect(found).toMatchObject({
      mac: { value: MAC },
      ip: { value: '10.0.0.5/24' },
      ip6: { value: 'fd00::5/64' },
      firewall: true,
      error: null,
    })
  })

  it.each(['dhcp', 'manual', '10.0.0.5/8'])('may have ip=%s', (ip) => {
    expect(nic('lxc', `name=eth0,ip=${ip}`)).toMatchObject({ ip: { value: ip }, error: null })
  })

  it.each(['10.0.0.5', '10.0.0.5/7', '10.0.0.5/33', 'auto', '10.0.0.05/24'])(
    'may not have ip=%s',
    (ip) => {
      expect(nic('lxc', `name=eth0,ip=${ip}`).error).toBe(
        'format error\nip: invalid format - value does not look like a valid ipv4 network configuration',
      )
    },
  )

  it('that does not parse takes its container with it', () => {
    expect(parse('lxc', 'net0: name=eth0,hwaddr=ZZ').diagnostics).toMatchObject([
      { code: 'config/invalid-nic', severity: 'error' },
    ])
  })

  it('needs a name and no other key', () => {
    expect(nic('lxc', 'bridge=vmbr0').error).toContain('name: property is missing')
    expect(nic('lxc', 'eth0').error).toContain('value without key')
    expect(nic('lxc', '0').error).toBeNull()
  })
})

describe('lines', () => {
  it('after the first section do not count', () => {
    for (const section of ['[snap1]', '[PENDING]', '[special:cloudinit]', '[]', '[x y] '])
      expect(parse('qemu', section, `net0: virtio=${MAC}`).value.nics).toEqual([])
    for (const section of ['[snap1]', '[pve:pending]'])
      expect(parse('lxc', section, 'net0: name=eth0').value.nics).toEqual([])
  })

  it('that only look like a section do not end the main part', () => {
    for (const line of ['[snap', '[a]b]'])
      expect(parse('qemu', line, `net0: virtio=${MAC}`).value.nics).toHaveLength(1)
    for (const line of ['[]', '[special:cloudinit]', '[s]'])
      expect(parse('lxc', line, 'net0: name=eth0').value.nics).toHaveLength(1)
  })

  it('of one key: the last counts, for a VM the last that parses', () => {
    const two = parse('qemu', `net0: virtio=${MAC},bridge=a`, `net0: virtio=${MAC},bridge=b`)
    expect(two.value.nics).toMatchObject([{ bridge: { value: 'b' } }])
    expect(two.diagnostics).toMatchObject([{ code: 'config/duplicate-nic' }])
    const vm = parse('qemu', `net0: virtio=${MAC}`, 'net0: virtio=ZZ')
    expect(vm.value.nics).toMatchObject([{ error: null }])
    const ct = parse('lxc', 'net0: name=eth0', 'net0: name=eth0,hwaddr=ZZ')
    expect(ct.value.nics[0]?.error).toContain('hwaddr')
  })

  it('that are no `key: value` are named with what Proxmox prints', () => {
    expect(parse('qemu', ` net0: virtio=${MAC}`, '# comment', '', 'xyz').diagnostics).toMatchObject(
      [
        {
          code: 'config/guest-conf-line',
          upstream: [`vm 100 - unable to parse config:  net0: virtio=${MAC}`],
        },
        { code: 'config/guest-conf-line', upstream: ['vm 100 - unable to parse config: xyz'] },
      ],
    )
    expect(parse('lxc', 'lxc.apparmor.profile = x', 'lxc.cap.drop:').diagnostics).toEqual([])
  })

  it('may end in a carriage return', () => {
    expect(nic('qemu', `virtio=${MAC},firewall=1\r`)).toMatchObject({ firewall: true, error: null })
  })

  it('give the guest its name', () => {
    expect(parse('qemu', 'name: web1').value.name).toBe('web1')
    expect(parse('lxc', 'hostname: db ', 'name: x').value.name).toBe('db')
    expect(parse('lxc', 'memory: 512').value.name).toBeNull()
  })

  it('with numbers no guest can use are NICs to pve-firewall all the same', () => {
    const { value, diagnostics } = parse('qemu', `net33: virtio=${MAC}`)
    expect(value.nics).toMatchObject([{ id: 'net33', index: 33, error: null }])
    expect(diagnostics).toMatchObject([{ code: 'config/invalid-nic-key' }])
  })
})
