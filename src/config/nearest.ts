import { nearest as nearestNames } from '../source/nearest.ts'

/** Longer words are no typing mistakes worth a guess. */
const LONGEST = 40

/** The candidate most like `word`, other than `word` itself; null when none is close. See `source/nearest.ts`. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  if (word.length > LONGEST) return null
  return nearestNames(word, candidates).find((candidate) => candidate !== word) ?? null
}

/** `did you mean ...?` for the nearest candidate, else `otherwise`. */
export function didYouMean<T extends string | null>(
  word: string,
  candidates: Iterable<string>,
  otherwise: T,
): string | T {
  const found = nearest(word, candidates)
  return found === null ? otherwise : `did you mean \`${found}\`?`
}
