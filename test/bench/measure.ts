import { spawnSync } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'

/** Milliseconds that `work` takes, the best of `runs`: what the machine can do when nothing else is in the way. */
export function best(runs: number, work: () => void): number {
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < runs; run += 1) {
    const start = performance.now()
    work()
    least = Math.min(least, performance.now() - start)
  }
  return least
}

/** How often a second `work` runs: warmed up, then for about 400 ms, the best of three. */
export function rate(work: () => void): number {
  const once = Math.max(best(3, work), 1e-4)
  const times = Math.max(1, Math.ceil(400 / once))
  return (times * 1000) / best(3, () => repeat(times, work))
}

function repeat(times: number, work: () => void): void {
  for (let time = 0; time < times; time += 1) work()
}

/** Wall time of whole processes in ms, interleaved so that each meets the same noise: the median of `runs` each. */
export function processTimes(
  runs: number,
  commands: readonly (readonly string[])[],
): readonly number[] {
  const times = commands.map((): number[] => [])
  for (let run = 0; run < runs; run += 1) {
    for (const [index, command] of commands.entries()) {
      const start = performance.now()
      spawnSync(process.execPath, command, { stdio: 'ignore' })
      times[index]?.push(performance.now() - start)
    }
  }
  return times.map(median)
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** Runs this very program again with `args` and returns what it prints as JSON: its memory is its own. */
export function inChild<T>(args: readonly string[]): T {
  const self = fileURLToPath(import.meta.url)
  const { stdout, status } = spawnSync(process.execPath, [self, ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`bench ${args.join(' ')} ended with ${String(status)}`)
  return JSON.parse(stdout) as T
}
