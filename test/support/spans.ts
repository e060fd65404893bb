import type { Span } from '../../src/source/source-file.ts'

/** All spans within a value, however deep; a value is looked at once. */
export function spansIn(value: unknown): readonly Span[] {
  const spans: Span[] = []
  const seen = new Set<object>()
  const queue: unknown[] = [value]
  for (let item = queue.pop(); item !== undefined || queue.length > 0; item = queue.pop()) {
    if (typeof item !== 'object' || item === null || seen.has(item)) continue
    seen.add(item)
    if (isSpan(item)) spans.push(item)
    else if (item instanceof Map || item instanceof Set) queue.push(...item)
    else queue.push(...Object.values(item))
  }
  return spans
}

/** True when every span lies within its file, and starts before it ends. */
export function spansFit(value: unknown): boolean {
  return spansIn(value).every(
    ({ file, start, end }) => start >= 0 && start <= end && end <= file.text.length,
  )
}

function isSpan(value: object): value is Span {
  return 'file' in value && 'start' in value && 'end' in value
}
