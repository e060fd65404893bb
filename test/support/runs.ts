const share = Number(process.env['PVEFW_RUNS'] ?? 1)

/** How often a property is tried: `npm run check` tries a share of them (PVEFW_RUNS), `npm test` all. */
export function runs(count: number): number {
  return Math.ceil(count * share)
}
