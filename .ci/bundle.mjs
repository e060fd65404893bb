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
 * ip-num computes tables of reserved ranges when it is loaded: 10 ms, although most configurations have no IPv6 address
 * to parse. It is loaded at the first one. What src/ip does not use is not here; the build fails if that changes.
 */
const withLateIpNum = {
  name: 'with-late-ip-num',
  resolveId: (id) => (id === 'ip-num' ? '\0ip-num' : null),
  load: (id) =>
    id === '\0ip-num'
      ? `const ipNum = () => require(${JSON.stringify(join(root, 'node_modules/ip-num/dist/src/index.js'))})
export const IPv4 = { fromDecimalDottedString: (text) => ipNum().IPv4.fromDecimalDottedString(text) }
export const IPv6 = { fromString: (text) => ipNum().IPv6.fromString(text), fromBigInt: (bits) => ipNum().IPv6.fromBigInt(bits) }
export const collapseIPv6Number = (text) => ipNum().collapseIPv6Number(text)`
      : null,
}

/**
 * ink takes every row of every frame apart into characters with a list of styles each, copies the list and compares it
 * with the one before: most of the time from a key to its frame. Here a row that was taken apart is remembered (most are
 * those of the frame before), characters share a list, and what is the same is not compared.
 */
const withSharedStyles = {
  name: 'with-shared-styles',
  resolveId: (id) => (id === '@alcalzone/ansi-tokenize' ? '\0ansi-tokenize' : null),
  load: (id) => {
    if (id !== '\0ansi-tokenize') return null
    const real = JSON.stringify(join(root, 'node_modules/@alcalzone/ansi-tokenize/build/index.js'))
    return `export * from ${real}
import { ansiCodesToString, diffAnsiCodes, reduceAnsiCodesIncremental, tokenize as take } from ${real}
const rows = new Map()
export function tokenize(text, end) {
  if (end !== undefined) return take(text, end)
  const known = rows.get(text)
  if (known !== undefined) return known
  if (rows.size >= 500) rows.clear()
  const tokens = take(text)
  rows.set(text, tokens)
  return tokens
}
const styled = new WeakMap()
export function styledCharsFromTokens(tokens) {
  const known = styled.get(tokens)
  if (known !== undefined) return known
  let styles = []
  const characters = []
  for (const token of tokens) {
    if (token.type === 'ansi') styles = reduceAnsiCodesIncremental(styles, [token])
    else if (token.type === 'char') characters.push({ ...token, styles })
  }
  styled.set(tokens, characters)
  return characters
}
export function styledCharsToString(characters) {
  let text = ''
  let before = []
  for (const { value, styles } of characters) {
    if (styles !== before && (styles.length > 0 || before.length > 0))
      text += ansiCodesToString(diffAnsiCodes(before, styles))
    before = styles
    text += value
  }
  return before.length > 0 ? text + ansiCodesToString(diffAnsiCodes(before, [])) : text
}`
  },
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
    plugins: [withoutDevtools, withOwnWidths, withLateIpNum, withSharedStyles],
    transform: { define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' } },
  })
  await build.write({
    file: join(root, file),
    format: 'esm',
    codeSplitting: false,
    minify: true,
    sourcemap: true,
    banner: '#!/usr/bin/env node',
  })
  await build.close()
  chmodSync(join(root, file), 0o755)
}
