import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type LoadResult, loadTree } from '../../src/config/load.ts'
import { makeTree, SMALL_NODE } from '../support/tree.ts'

function load(root: string): LoadResult {
  return loadTree({ root, node: null, guest: null, hostIp: null, localNetwork: null })
}

/** Messages of the errors. */
function errors({ diagnostics }: LoadResult): readonly string[] {
  return diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message)
}

const CLUSTER = 'etc/pve/firewall/cluster.fw'

/** A small node with something else in place of a file. */
function replaced(path: string, make: (absolute: string) => void): string {
  const root = makeTree(SMALL_NODE)
  rmSync(join(root, path), { force: true })
  make(join(root, path))
  return root
}

/** A file of this size without content; takes no space. */
function sparse(path: string, bytes: number): void {
  const fd = openSync(path, 'w')
  ftruncateSync(fd, bytes)
  closeSync(fd)
}

const refused = [
  ['of 100 MB', 'it is larger than 2097152 bytes', (path: string) => sparse(path, 100_000_000)],
  ['that is a directory', 'it is a directory', (path: string) => mkdirSync(path)],
  ['that is a FIFO', 'it is no regular file', (path: string) => execFileSync('mkfifo', [path])],
  ['that is a device', 'it is no regular file', (path: string) => symlinkSync('/dev/zero', path)],
  ['that is a link to itself', 'links go in a circle', (path: string) => symlinkSync(path, path)],
] as const

describe.each([CLUSTER, 'etc/pve/nodes/pve1/host.fw', 'etc/hosts', 'etc/network/interfaces'])(
  '%s',
  (path) => {
    it.each(refused)('%s is refused by name', (_, why, make) => {
      const result = load(replaced(path, make))
      expect(result.tree?.node).toBe('pve1')
      expect(errors(result)).toHaveLength(1)
      expect(errors(result)[0]).toContain(`\`${path}\` cannot be read: `)
      expect(errors(result)[0]).toContain(
        path === CLUSTER || !why.includes('2097152') ? why : 'larger than',
      )
    })
  },
)

describe('files', () => {
  it.each([
    'etc/pve/firewall/100.fw',
    'etc/pve/nodes/pve1/qemu-server/100.conf',
    'etc/pve/sdn/firewall/v0.fw',
  ])('listed as %s are looked at before they are opened', (path) => {
    const root = makeTree({ ...SMALL_NODE, 'etc/pve/sdn/firewall/': '' })
    rmSync(join(root, path), { force: true })
    execFileSync('mkfifo', [join(root, path)])
    expect(errors(load(root))).toEqual([`\`${path}\` cannot be read: it is no regular file`])
  })

  it('behind links are read, dangling links are missing', () => {
    const root = replaced(CLUSTER, (path) => symlinkSync('../nodes/pve1/host.fw', path))
    expect(load(root).tree?.clusterFw?.text).toBe('[OPTIONS]\nenable: 1\n')
    const dangling = load(replaced(CLUSTER, (path) => symlinkSync('nowhere', path)))
    expect(dangling.tree?.clusterFw).toBeNull()
    expect(errors(dangling)).toEqual([])
  })

  it.skipIf(!existsSync('/proc/self/mem'))('that fail while they are read are refused', () => {
    const result = load(replaced(CLUSTER, (path) => symlinkSync('/proc/self/mem', path)))
    expect(errors(result)[0]).toContain('the system says EIO')
  })

  it.skipIf(process.getuid?.() === 0)('without permission are refused', () => {
    const result = load(
      replaced(CLUSTER, (path) => {
        writeFileSync(path, '')
        chmodSync(path, 0)
      }),
    )
    expect(errors(result)).toEqual([`\`${CLUSTER}\` cannot be read: permission denied`])
  })

  it('hold any bytes, one unit each', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
    const text = load(makeTree({ ...SMALL_NODE, [CLUSTER]: bytes })).tree?.clusterFw?.text
    expect(text).toHaveLength(256)
    expect(text?.charCodeAt(255)).toBe(255)
  })

  it('beyond what /etc/pve can hold are warned of', () => {
    const text = '# comment\n'.repeat(110_000)
    const { tree, diagnostics } = load(makeTree({ ...SMALL_NODE, [CLUSTER]: text }))
    expect(tree?.clusterFw?.text).toHaveLength(1_100_000)
    expect(diagnostics.filter(({ severity }) => severity === 'warning')).toMatchObject([
      { code: 'config/oversized-file' },
    ])
  })
})

describe('directories', () => {
  it('may hold names of any bytes', () => {
    const root = makeTree(SMALL_NODE)
    for (const parent of ['etc/pve/firewall/', 'etc/pve/nodes/', 'etc/pve/nodes/pve1/lxc/']) {
      mkdirSync(join(root, parent), { recursive: true })
      for (const name of ['\xff\xfe.fw', 'a\nb', '\x1b[31m', '...', '1\xb2.conf'])
        mkdirSync(Buffer.from(join(root, parent, name), 'latin1'), { recursive: true })
    }
    expect(load(root).tree).toMatchObject({ nodes: ['pve1'], guests: [{ vmid: 100 }] })
    expect(errors(load(root))).toEqual([])
  })

  it('may be deep, and links may lead back into them', () => {
    const root = makeTree({
      ...SMALL_NODE,
      [`etc/pve/nodes/${'d/'.repeat(300)}`]: '',
      'etc/network/interfaces': 'source interfaces.d/*\nsource interfaces.d/*/*/*/*\niface x\n',
      'etc/network/interfaces.d/a': 'source *\nsource-directory .\niface y\n',
    })
    symlinkSync('..', join(root, 'etc/pve/nodes/pve2'))
    symlinkSync('.', join(root, 'etc/pve/nodes/pve1/lxc'))
    symlinkSync('.', join(root, 'etc/network/interfaces.d/loop'))
    const { tree } = load(root)
    expect(tree?.network.interfaces.map(({ name }) => name)).toEqual(['y', 'x'])
    expect(tree?.guests).toHaveLength(1)
  })

  it('in a circle are refused', () => {
    const root = makeTree({ ...SMALL_NODE })
    symlinkSync('lxc', join(root, 'etc/pve/nodes/pve1/lxc'))
    expect(errors(load(root))).toEqual([
      '`etc/pve/nodes/pve1/lxc` cannot be read: its symbolic links go in a circle',
    ])
  })
})

describe('the root', () => {
  it.each(['a\0b', 'x'.repeat(5_000), '', '/dev/null'])('%j is refused', (root) => {
    const { tree, diagnostics } = load(root)
    expect(tree).toBeNull()
    expect(diagnostics.some(({ severity }) => severity === 'error')).toBe(true)
  })
})

it('mistakes of many guests are counted, not all kept', () => {
  const guests = Array.from({ length: 300 }, (_, i) => [
    `etc/pve/nodes/pve1/lxc/${1000 + i}.conf`,
    'a\n'.repeat(100),
  ])
  const { diagnostics } = load(makeTree({ ...SMALL_NODE, ...Object.fromEntries(guests) }))
  const found = diagnostics.filter(({ code }) => code === 'config/guest-conf-line')
  expect(found).toHaveLength(201)
  expect(found.at(-1)?.message).toBe('6100 more of this kind in the configs of the guests')
})
