import { corpusMissing } from './corpus.ts'

/** Runs before the tests: says once what this machine lacks, so that a skipped test has a reason. */
export function setup(): void {
  const missing = corpusMissing()
  // every vitest project runs it, all in one process
  if (missing === null || process.env['PVEFW_ANNOUNCED'] !== undefined) return
  process.env['PVEFW_ANNOUNCED'] = 'yes'
  console.log(missing)
}
