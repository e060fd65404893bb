import { afterAll, describe, expect, it } from 'vitest'
import type { KernelLab } from '../../src/kernel/kernel-lab.ts'
import { openFiles } from '../support/arbitraries/node-text.ts'
import { differs, newTally, showDiffers, type Tally } from './case.ts'
import { conversationsAgree } from './conversations.ts'
import { localLab, localMissing, vmLab, vmMissing } from './labs.ts'
import { titled } from './name-space.ts'
import { OPEN_NODE } from './open-node.ts'
import { kernelAgrees } from './properties.ts'
import { REGRESSIONS } from './regressions.ts'

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

  it('holds the connections the model holds after each packet of a random conversation', {
    timeout: 5 * minutes,
  }, async () => {
    const lab = await opened(localLab())
    const firewall = openFiles(OPEN_NODE, 'iptables')
    expect(await lab.load(firewall)).toEqual({ kind: 'loaded' })
    const tally = { packets: 0 }
    expect(await conversationsAgree(lab, firewall, { seed, conversations: 300 }, tally)).toBeNull()
    expect(tally.packets).toBeGreaterThan(1500)
  })
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
  it('does with random packets and nftables rules what the model says', {
    timeout: 15 * minutes,
  }, async () => {
    const tally = newTally()
    const lab = await opened(vmLab())
    const amount = { seed, configurations: 290, packets: 100 }
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
    expect(more.packets).toBe(300)
  })
})
