import { afterAll, describe, expect, it } from 'vitest'
import type { KernelLab } from '../../src/kernel/kernel-lab.ts'
import { openFiles } from '../support/arbitraries/node-text.ts'
import { differs, newTally, showDiffers, type Tally } from './case.ts'
import { conversationsAgree } from './conversations.ts'
import { localLab, localMissing, vmLab, vmMissing } from './labs.ts'
import { titled } from './name-space.ts'
import { OPEN_NFT_NODE, OPEN_NODE } from './open-node.ts'
import { kernelAgrees } from './properties.ts'
import { REGRESSIONS } from './regressions.ts'
import { withRaw } from './with-raw.ts'

const seed = Number(process.env['PVEFW_SEED'] ?? 20_260_601)
const minutes = 60_000

/** Labs that were opened, to be closed at the end. */
const open: KernelLab[] = []
afterAll(async () => {
  for (const lab of open) await lab.close()
})

async function opened(lab: Promise<KernelLab>): Promise<KernelLab> {
  const one = await lab
  open.push(one)
  return one
}

function report(what: string, { packets, configurations, refused, byLine }: Tally): void {
  console.log(
    `${what}: ${packets} packets over ${configurations - refused} configurations, ${byLine} decided by a line of a file; ${refused} configurations refused by both`,
  )
}

/** What other programs put before conntrack: rules of the raw tables. */
const ZONES: readonly (readonly [string, ...string[]])[] = [
  ['PREROUTING -i vmbr0 -j CT --zone 5'],
  ['PREROUTING -m physdev --physdev-in eno1 -j CT --zone-orig 7'],
  ['PREROUTING -i fwbr100i0 -j CT --zone-reply 8', 'OUTPUT -j CT --zone 3'],
  ['PREROUTING -p tcp -j MARK --set-mark 0x10009', 'PREROUTING -j CT --zone-orig mark'],
  ['PREROUTING -p tcp --dport 21 -j CT --zone 4 --helper ftp', 'PREROUTING -j CT --zone 4'],
]

describe.skipIf(localMissing !== null)(titled('this kernel', localMissing), () => {
  it('does with random packets and iptables rules what the model says', {
    timeout: 10 * minutes,
  }, async () => {
    const tally = newTally()
    const amount = { seed, configurations: 230, packets: 90 }
    const found = await kernelAgrees(await opened(localLab()), 'iptables', amount, tally)
    report('iptables', tally)
    expect(found === null ? null : showDiffers(found)).toBeNull()
    expect(tally.packets).toBeGreaterThan(20_000)
    expect(tally.configurations - tally.refused).toBeGreaterThanOrEqual(200)
    await old(await opened(localLab()), 'iptables')
  })

  it('does with random packets and nftables rules what the model says, with stand-ins for the tables of bridges', {
    timeout: 15 * minutes,
  }, async () => {
    const tally = newTally()
    // all of them where the kernel that has those tables is not to be had
    const [configurations, packets] = vmMissing === null ? [60, 60] : [250, 100]
    const amount = { seed, configurations, packets }
    const found = await kernelAgrees(await opened(localLab()), 'nftables', amount, tally)
    report('nftables, translated', tally)
    expect(found === null ? null : showDiffers(found)).toBeNull()
    expect(tally.packets).toBeGreaterThan(configurations * packets * 0.6)
  })

  it('holds the connections the model holds after each packet of a random conversation', {
    timeout: 5 * minutes,
  }, async () => {
    const lab = await opened(localLab())
    const firewall = openFiles(OPEN_NODE, 'iptables')
    expect(await lab.load(firewall)).toEqual({ kind: 'loaded' })
    const tally = { packets: 0 }
    const amount = { seed, conversations: 300, kernel: 'any' } as const
    expect(await conversationsAgree(lab, firewall, amount, tally)).toBeNull()
    expect(tally.packets).toBeGreaterThan(1500)
  })

  it.each(ZONES)(
    'keeps connections apart by zone: %s',
    { timeout: 2 * minutes },
    async (...rules) => {
      const lab = await opened(localLab())
      const firewall = withRaw(openFiles(OPEN_NODE, 'iptables'), rules)
      expect(await lab.load(firewall)).toEqual({ kind: 'loaded' })
      const tally = { packets: 0 }
      const amount = { seed, conversations: 40, kernel: 'any' } as const
      expect(await conversationsAgree(lab, firewall, amount, tally)).toBeNull()
      expect(tally.packets).toBeGreaterThan(150)
    },
  )
})

/** Cases of before, put to a kernel: no disagreement any more. */
async function old(lab: KernelLab, backend: 'iptables' | 'nftables'): Promise<void> {
  for (const { name, backend: own, files, query } of REGRESSIONS) {
    if (own !== backend) continue
    const found = await differs(lab, files, backend, [query], newTally())
    expect(found === null ? null : showDiffers(found), name).toBeNull()
  }
}

describe.skipIf(vmMissing !== null)(titled("Debian's kernel under qemu", vmMissing), () => {
  it.each(['iptables', 'nftables'] as const)(
    'holds the connections the model holds after each packet of a random conversation (%s)',
    { timeout: 5 * minutes },
    async (backend) => {
      const lab = await opened(vmLab())
      const firewall = openFiles(backend === 'nftables' ? OPEN_NFT_NODE : OPEN_NODE, backend)
      expect(await lab.load(firewall)).toEqual({ kind: 'loaded' })
      const tally = { packets: 0 }
      const conversations = backend === 'nftables' ? 300 : 100
      const amount = { seed, conversations, kernel: '6.12.117' } as const
      expect(await conversationsAgree(lab, firewall, amount, tally)).toBeNull()
      expect(tally.packets).toBeGreaterThan(conversations * 5)
    },
  )

  it('does with random packets and nftables rules what the model says', {
    timeout: 15 * minutes,
  }, async () => {
    const tally = newTally()
    const lab = await opened(vmLab())
    const amount = { seed, configurations: 250, packets: 100 }
    const found = await kernelAgrees(lab, 'nftables', amount, tally)
    report('nftables', tally)
    expect(found === null ? null : showDiffers(found)).toBeNull()
    expect(tally.packets).toBeGreaterThan(20_000)
    expect(tally.configurations - tally.refused).toBeGreaterThanOrEqual(200)

    await old(lab, 'nftables')

    // the same machine, with the tables of ebtables that this kernel may lack
    const more = newTally()
    const legacy = await kernelAgrees(
      lab,
      'iptables',
      { seed, configurations: 5, packets: 60 },
      more,
    )
    report('iptables', more)
    expect(legacy === null ? null : showDiffers(legacy)).toBeNull()
    expect(more.packets).toBeGreaterThan(250)
  })
})
