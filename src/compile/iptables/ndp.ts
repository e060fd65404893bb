import { type GeneratedLine, generated } from './generated.ts'

const why = 'IPv6 does not work without neighbor and router discovery'

/** The usual cases, made once: thousands of guests have the same lines. */
const USUAL: ReadonlyMap<string, readonly GeneratedLine[]> = new Map(
  ['-j ACCEPT', '-j RETURN', '-g PVEFW-SET-ACCEPT-MARK'].flatMap((jump) =>
    [true, false].map((routers): [string, readonly GeneratedLine[]] => [
      `${routers}${jump}`,
      makeLines(jump, routers),
    ]),
  ),
)

/**
 * The lines that let neighbor discovery through (`ruleset_chain_add_ndp`), with `jump` as what accepting is
 * here. Router advertisements (`routers`) are not among what a host or a guest without `radv` sends.
 */
export function ndpLines(jump: string, routers: boolean): readonly GeneratedLine[] {
  return USUAL.get(`${routers}${jump}`) ?? makeLines(jump, routers)
}

function makeLines(jump: string, routers: boolean): readonly GeneratedLine[] {
  const types = ['router-solicitation', 'neighbor-solicitation', 'neighbor-advertisement']
  if (routers) types.splice(1, 0, 'router-advertisement')
  return types.map((type) =>
    generated(`-p icmpv6 --icmpv6-type ${type} ${jump}`, 'ruleset_chain_add_ndp', why, 'accept'),
  )
}
