import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** ink imports react-devtools-core when DEV is "true"; it is not installed, and nothing needs it. */
const withoutDevtools = {
  name: 'without-devtools',
  resolveId: (id) => (id === 'react-devtools-core' ? id : null),
  load: (id) => (id === 'react-devtools-core' ? 'export default {}' : null),
}

/**
 * string-width, of which yargs and ink bring three copies, holds expressions over all emoji. V8 checks them while it
 * parses the file: 30 ms at every start, whatever is run. Our own widths stand in for it.
 */
const withOwnWidths = {
  name: 'with-own-widths',
  resolveId: (id) => (id === 'string-width' ? '\0string-width' : null),
  load: (id) =>
    id === '\0string-width'
      ? `import { stripVTControlCharacters } from 'node:util'
import { widthOf } from ${JSON.stringify(join(root, 'src/render/columns.ts'))}
export default (text) => widthOf(stripVTControlCharacters(text))`
      : null,
}

/**
 * Bundles one entry into one ESM file. Dynamic imports are inlined but still evaluated only when
 * they are reached, so what a command does not use costs it parsing at most.
 */
export async function bundle(entry, file) {
  const build = await rolldown({
    input: join(root, entry),
    cwd: root,
    platform: 'node',
    plugins: [withoutDevtools, withOwnWidths],
    transform: { define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' } },
  })
  await build.write({
    file: join(root, file),
    format: 'esm',
    codeSplitting: false,
    banner: '#!/usr/bin/env node',
  })
  await build.close()
  chmodSync(join(root, file), 0o755)
}
