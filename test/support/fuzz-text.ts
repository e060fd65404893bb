import fc from 'fast-check'

const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))
const telling = fc.constantFrom(...'\n\r\t \0#:=,{}[]"\\/*?.-+0a|!\u00a0\u0085'.split(''))
const noise = fc.oneof(byte, telling)

/** Any byte string, rich in characters that mean something to a reader. */
export const bytes: fc.Arbitrary<string> = fc
  .array(noise, { maxLength: 200 })
  .map((characters) => characters.join(''))

/** A sample with a few stretches cut out, doubled, moved or replaced by noise. */
export function mutated(sample: string): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.nat(sample.length),
    length: fc.nat(20),
    kind: fc.constantFrom('cut', 'double', 'noise'),
    noise: fc.array(noise, { maxLength: 5 }),
  })
  return fc.array(edit, { minLength: 1, maxLength: 6 }).map((edits) =>
    edits.reduce((text, { at, length, kind, noise: characters }) => {
      const stretch = text.slice(at, at + length)
      const instead =
        kind === 'cut' ? '' : kind === 'double' ? stretch + stretch : characters.join('')
      return text.slice(0, at) + instead + text.slice(at + length)
    }, sample),
  )
}
