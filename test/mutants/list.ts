/** One place of the evaluator, broken: `find` stands exactly once in the file. */
export type Mutant = {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
  /** Which property must notice. */
  readonly by: 'rulesets' | 'conversations'
}

/** Mistakes a model of the firewall could make, each of which the kernel must give away. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'nomatch of a set is skipped',
    file: 'src/eval/set-index.ts',
    find: 'return decidingElement(index, version, address)?.nomatch === false',
    replace: 'return decidingElement(index, version, address) !== null',
    by: 'rulesets',
  },
  {
    name: 'goto comes back like a jump',
    file: 'src/eval/chain.ts',
    find: "if (kind === 'goto') frames.pop()",
    replace: '',
    by: 'rulesets',
  },
  {
    name: 'jump does not come back, like a goto',
    file: 'src/eval/chain.ts',
    find: "if (kind === 'goto') frames.pop()",
    replace: "if (kind === 'jump') frames.pop()",
    by: 'rulesets',
  },
  {
    name: 'the end of a chain accepts',
    file: 'src/eval/chain.ts',
    find: "if (isBase === null && userPolicy !== 'return') return end(userPolicy, null, frame, root)",
    replace: "if (isBase === null) return end('accept', null, frame, root)",
    by: 'rulesets',
  },
  {
    name: 'the second pass over a bridge is forgotten',
    file: 'src/eval/attempt.ts',
    find: 'for (const hop of leg.hops) {',
    replace: 'for (const hop of leg.hops.slice(0, 3)) {',
    by: 'rulesets',
  },
  {
    name: 'neighbour discovery is tracked',
    file: 'src/eval/conntrack/first-packet.ts',
    find: "if (isUntracked(type)) return 'untracked'",
    // as what tracking would make of it: no query, so it opens nothing
    replace: "if (isUntracked(type)) return 'invalid'",
    by: 'rulesets',
  },
  {
    name: 'negation is ignored',
    file: 'src/eval/statement.ts',
    find: 'return truth(holds(one, value) !== one.negate)',
    replace: 'return truth(holds(one, value))',
    by: 'rulesets',
  },
  {
    name: 'a range of ports ends one too early',
    file: 'src/eval/statement.ts',
    find: 'return (value as number) >= one.lo && (value as number) <= one.hi',
    replace:
      'return (value as number) >= one.lo && (value as number) < Math.max(one.hi, one.lo + 1)',
    by: 'rulesets',
  },
  {
    name: 'the mask of flags and marks is ignored',
    file: 'src/eval/statement.ts',
    find: 'return ((value as number) & one.lo) >>> 0 === one.hi',
    replace: 'return (value as number) >>> 0 === one.hi',
    by: 'rulesets',
  },
  {
    name: 'a reject is a drop',
    file: 'src/eval/chain.ts',
    find: "return { verdict: 'reject', rejectWith: outcome.with, trace: root }",
    replace: "return { verdict: 'drop', rejectWith: null, trace: root }",
    by: 'rulesets',
  },
  {
    name: 'marks are never set',
    file: 'src/eval/marks.ts',
    find: '? { mark: ((mark & ~mask) ^ value) >>> 0, ctMark }',
    replace: '? { mark, ctMark }',
    by: 'rulesets',
  },
  {
    name: 'a stray SYN/ACK opens a connection',
    file: 'src/eval/conntrack/first-packet.ts',
    find: "return (flags & (SYN | ACK)) === (SYN | ACK) ? 'invalid' : 'new'",
    replace: "return 'new'",
    by: 'rulesets',
  },
  {
    name: 'any answer assures a connection',
    file: 'src/eval/conntrack/tcp.ts',
    find: "else if (!assured && (old === 'SYN_RECV' || old === 'ESTABLISHED') && state === 'ESTABLISHED')",
    replace: 'else if (!assured)',
    by: 'conversations',
  },
  {
    name: 'known connections are never established',
    file: 'src/eval/conntrack/track.ts',
    find: "direction === 'reply' || entry.seenReply",
    replace: 'entry.seenReply',
    by: 'conversations',
  },
  {
    name: 'segments are always in their window',
    file: 'src/eval/conntrack/tcp-window.ts',
    find: "if (windows === null) return { action: 'accept', tracking }",
    replace: "if (windows !== undefined) return { action: 'accept', tracking }",
    by: 'conversations',
  },
  {
    name: 'a reset nobody was connected for leaves its connection',
    file: 'src/eval/conntrack/tcp.ts',
    find: "if (index === 'rst') return { kind: 'killed' }",
    replace: '',
    by: 'conversations',
  },
  {
    name: 'errors are related whoever they go to',
    file: 'src/eval/conntrack/track.ts',
    find: "l3.dst !== end) return of('invalid', table)",
    replace: "l3.dst === null) return of('invalid', table)",
    by: 'conversations',
  },
  {
    name: 'a reset is believed wherever it stands',
    file: 'src/eval/conntrack/tcp.ts',
    find: "if (reset === 'keeps state') next = old",
    replace: '',
    by: 'conversations',
  },
  {
    name: 'the helper lets parts of announcements through',
    file: 'src/eval/conntrack/helper.ts',
    find: "if (line.kind === 'partial')",
    replace: "if (line.kind === 'partial' && entry.dying)",
    by: 'conversations',
  },
  {
    name: 'any announcement is believed',
    file: 'src/eval/conntrack/helper.ts',
    find: '(line.place.address ?? own.src) === own.src',
    replace: 'line.place.port > 0',
    by: 'conversations',
  },
  {
    name: 'tags of SCTP are not checked',
    file: 'src/eval/conntrack/sctp.ts',
    find: 'if (tags === null || chunks.some(({ type }) => SPECIAL.has(type))) return true',
    replace: 'if (tags === null || chunks.length > 0) return true',
    by: 'conversations',
  },
]
