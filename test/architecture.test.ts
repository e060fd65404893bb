import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

/**
 * biome.json holds the layer rules as one deny list per folder of src. Here stands the law itself,
 * what each layer may import; one run of Biome over files that import everything, from everywhere,
 * shows that the lists say the same.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  source: [],
  ip: ['ip-num'],
  netfilter: ['ip', 'source'],
  config: ['ip', 'source'],
  edit: ['config', 'ip', 'source'],
  packet: ['netfilter', 'ip', 'source'],
  read: ['netfilter', 'ip', 'source', 'node:fs', 'node:fs/promises'],
  compile: ['config', 'read', 'netfilter', 'ip', 'source'],
  topology: ['config', 'packet', 'netfilter', 'ip', 'source'],
  eval: ['netfilter', 'ip', 'source'],
  symbolic: ['eval', 'netfilter', 'ip', 'source'],
  audit: ['symbolic', 'eval', 'compile', 'config', 'netfilter', 'ip', 'source'],
  render: ['audit', 'symbolic', 'eval', 'netfilter', 'ip', 'source'],
  firewall: [
    ...['source', 'ip', 'netfilter', 'config', 'edit', 'packet', 'read', 'compile', 'topology'],
    ...['eval', 'symbolic', 'audit', 'render'],
  ],
  kernel: [
    ...['source', 'ip', 'netfilter', 'config', 'edit', 'packet', 'read', 'compile', 'topology'],
    ...['eval', 'symbolic', 'audit', 'render', 'firewall'],
  ],
  step: [
    ...['source', 'ip', 'netfilter', 'config', 'edit', 'packet', 'read', 'compile', 'topology'],
    ...['eval', 'symbolic', 'audit', 'render', 'firewall'],
  ],
  tui: [
    ...['source', 'ip', 'netfilter', 'config', 'edit', 'packet', 'read', 'compile', 'topology'],
    ...[
      'eval',
      'symbolic',
      'audit',
      'render',
      'firewall',
      'kernel',
      'step',
      'ink',
      'react',
      'react/jsx-runtime',
    ],
  ],
  cli: [
    ...['source', 'ip', 'netfilter', 'config', 'edit', 'packet', 'read', 'compile', 'topology'],
    ...['eval', 'symbolic', 'audit', 'render', 'firewall', 'kernel', 'step', 'tui'],
    ...['yargs', 'yargs/helpers', 'node:fs', 'node:fs/promises'],
  ],
}
const layers = Object.keys(mayImport)
const guarded = [
  ...['ip-num', 'ink', 'react', 'react/jsx-runtime', 'yargs', 'yargs/helpers'],
  ...['node:fs', 'node:fs/promises'],
]
const everything = [...layers, ...guarded]
const othersOf = (layer: string): readonly string[] => everything.filter((t) => t !== layer)

const repository = fileURLToPath(new URL('..', import.meta.url))
const place = mkdtempSync(join(tmpdir(), 'pvefw-layers-'))
/** Written file -> what each of its lines imports. */
const written = new Map<string, readonly string[]>()
/** Written file -> what of it Biome refused. */
const refused = new Map<string, Set<string>>()
const cyclic = new Set<string>()

function write(file: string, text: string): void {
  mkdirSync(dirname(join(place, file)), { recursive: true })
  writeFileSync(join(place, file), text)
}

/** A file that imports `targets`, one a line; layers are reached over `toSrc`. */
function writeImports(
  file: string,
  toSrc: string,
  targets: readonly string[],
  statement: (specifier: string, index: number) => string,
): void {
  const specifier = (target: string): string =>
    guarded.includes(target) ? target : `${toSrc}${target}/some-file.ts`
  write(file, targets.map((target, i) => statement(specifier(target), i)).join('\n'))
  written.set(file, targets)
}

const plain = (specifier: string): string => `import '${specifier}'`
const ofType = (specifier: string, i: number): string => `import type { T${i} } from '${specifier}'`
const onDemand = (specifier: string): string => `await import('${specifier}')`
const passedOn = (specifier: string): string => `export * from '${specifier}'`

type Report = {
  readonly diagnostics: readonly {
    readonly category: string
    readonly location: { readonly path: string; readonly start: { readonly line: number } }
  }[]
}

beforeAll(() => {
  copyFileSync(join(repository, 'biome.json'), join(place, 'biome.json'))
  for (const layer of layers) {
    const others = othersOf(layer)
    writeImports(`src/${layer}/plain.ts`, '../', others, plain)
    writeImports(`src/${layer}/of-type.ts`, '../', others, ofType)
    writeImports(`src/${layer}/deep/er/on-demand.ts`, '../../../', others, onDemand)
    writeImports(`src/${layer}/deep/passed-on.ts`, '../../', others, passedOn)
    write(`src/${layer}/within.ts`, "import './some-file.ts'\nimport './deep/some-file.ts'")
    write(`src/${layer}/tested.ts`, "import '../../test/support/corpus.ts'")
    written.set(`src/${layer}/tested.ts`, ['test'])
  }
  for (const file of ['src/config/load.ts', 'src/config/fs.ts']) {
    writeImports(file, '../', othersOf('config'), plain)
  }
  writeImports('src/index.ts', './', everything, plain)
  writeImports('test/eval/some.test.ts', '../../src/', everything, plain)
  write('src/eval/ring-a.ts', "import { b } from './ring-b.ts'\nexport const a = (): number => b()")
  write('src/eval/ring-b.ts', "import { a } from './ring-a.ts'\nexport const b = (): number => a()")
  write('src/eval/type-ring-a.ts', "import type { B } from './type-ring-b.ts'\nexport type A = B[]")
  write('src/eval/type-ring-b.ts', "import type { A } from './type-ring-a.ts'\nexport type B = A[]")

  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      join(repository, 'node_modules/@biomejs/biome/bin/biome'),
      ...['lint', '--reporter=json', '--max-diagnostics=none'],
      ...['--only=style/noRestrictedImports', '--only=suspicious/noImportCycles'],
    ],
    { cwd: place, encoding: 'utf8', maxBuffer: 1 << 28 },
  )
  if (!stdout.startsWith('{')) throw new Error(`biome gave no report: ${stdout}${stderr}`)
  const report: Report = JSON.parse(stdout)
  for (const { category, location } of report.diagnostics) {
    if (category === 'lint/suspicious/noImportCycles') cyclic.add(location.path)
    if (category !== 'lint/style/noRestrictedImports') continue
    const target = written.get(location.path)?.[location.start.line - 1] ?? 'unexpected'
    refused.set(location.path, (refused.get(location.path) ?? new Set()).add(target))
  }
})
afterAll(() => rmSync(place, { recursive: true, force: true }))

const refusedIn = (file: string): readonly string[] => [...(refused.get(file) ?? [])].sort()

test.each(layers)('%s imports only what its layer may, in every form of import', (layer) => {
  const forbidden = othersOf(layer)
    .filter((target) => !mayImport[layer]?.includes(target))
    .sort()
  expect(refusedIn(`src/${layer}/plain.ts`)).toEqual(forbidden)
  expect(refusedIn(`src/${layer}/of-type.ts`)).toEqual(forbidden)
  expect(refusedIn(`src/${layer}/deep/er/on-demand.ts`)).toEqual(forbidden)
  expect(refusedIn(`src/${layer}/deep/passed-on.ts`)).toEqual(forbidden)
  expect(refusedIn(`src/${layer}/within.ts`)).toEqual([])
  expect(refusedIn(`src/${layer}/tested.ts`)).toEqual(['test'])
})

test('in config/ only load.ts and fs.ts touch the file system', () => {
  const forbidden = refusedIn('src/config/plain.ts').filter((target) => !target.startsWith('node:'))
  expect(forbidden).not.toEqual([])
  expect(refusedIn('src/config/load.ts')).toEqual(forbidden)
  expect(refusedIn('src/config/fs.ts')).toEqual(refusedIn('src/config/load.ts'))
})

test('the library reaches neither the command line nor the terminal', () => {
  expect(refusedIn('src/index.ts')).toEqual([...guarded, 'cli', 'tui'].sort())
})

test('tests import what they like', () => {
  expect(refusedIn('test/eval/some.test.ts')).toEqual([])
})

test('import cycles are refused, of values and of types', () => {
  expect([...cyclic].sort()).toEqual([
    'src/eval/ring-a.ts',
    'src/eval/ring-b.ts',
    'src/eval/type-ring-a.ts',
    'src/eval/type-ring-b.ts',
  ])
})

test('every folder of src is a layer with rules', () => {
  const folders = readdirSync(join(repository, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
  expect(folders.filter((folder) => !layers.includes(folder))).toEqual([])
})
