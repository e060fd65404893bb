import { corpusMissing } from './corpus.ts'

/** Runs once before all tests: says what this machine lacks, so that a skipped test has a reason. */
export function setup(): void {
  const missing = corpusMissing()
  if (missing !== null) console.log(`\n${missing}`)
}
