import { expect, it } from 'vitest'
import { runCli } from '../support/run-cli.ts'

async function linesAbout(root: string, packet: string): Promise<readonly string[]> {
  const { stdout } = await runCli(['trace', '--root', `scenarios/${root}/root`, '--json', packet])
  const { remarks } = JSON.parse(stdout) as { readonly remarks: readonly string[] }
  return remarks.filter((remark) => remark.includes(' is in '))
}

it('says which element a set let the address in by, not only the set', async () => {
  expect(await linesAbout('nomatch', '192.168.1.67 -> 105:22/tcp')).toEqual([
    '192.168.1.67 is in PVEFW-0-lan-v4 by 192.168.1.0/24 (cluster.fw:5)',
  ])
})

it('says that the local network is in management though no line put it there', async () => {
  expect(
    await linesAbout('narrow-management-does-not-narrow', '192.168.1.99 -> host:22/tcp'),
  ).toEqual([
    '192.168.1.99 is in PVEFW-0-management-v4 by 192.168.1.0/24 (etc/network/interfaces:8): the local network may always manage its hosts',
  ])
})

it('says nothing about a set whose exception kept the address out', async () => {
  expect(await linesAbout('nomatch', '192.168.1.66 -> 105:22/tcp')).toEqual([])
})
