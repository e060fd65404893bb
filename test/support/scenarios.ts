import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OpenOptions } from '../../src/firewall/node-firewall.ts'
import { type Expectation, type ExpectFile, parseExpect } from './expect.ts'
import { repository } from './run-cli.ts'

export const scenariosFolder: string = join(repository, 'scenarios')

export const scenarioNames: readonly string[] = readdirSync(scenariosFolder, {
  withFileTypes: true,
})
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort()

/** The tree of a scenario. */
export function scenarioRoot(name: string): string {
  return join(scenariosFolder, name, 'root')
}

/** What a scenario must answer. */
export function scenarioExpect(name: string): ExpectFile {
  return parseExpect(readFileSync(join(scenariosFolder, name, 'expect'), 'utf8'))
}

export type Backend = NonNullable<OpenOptions['backend']>

/** Whom a line is put to: without a backend the one the configuration chooses. */
export function backendsOf({ backends }: Expectation): readonly Backend[] {
  return backends.length === 0 ? ['auto'] : backends
}
