import type { Move, Way } from './moves.ts'
import type { Overlay, PaneName } from './state.ts'

/** What a key does. */
export type Action =
  | { readonly kind: 'move'; readonly move: Move; readonly way: Way }
  | { readonly kind: 'go'; readonly where: 'first' | 'last' | 'before' | 'here' }
  | { readonly kind: 'stack'; readonly by: 1 | -1 }
  | { readonly kind: 'pane'; readonly pane: PaneName | 'next' | 'previous' }
  | { readonly kind: 'row'; readonly by: number | 'page' | 'page-back' }
  | { readonly kind: 'overlay'; readonly overlay: Overlay }
  | { readonly kind: 'break' }
  | { readonly kind: 'edit' }
  | { readonly kind: 'flip'; readonly what: 'backend' | 'family' }
  | { readonly kind: 'jump'; readonly to: 'decider' | 'shadow' | 'other-backend' | 'next-node' }
  | { readonly kind: 'prompt'; readonly prompt: 'command' | 'search' }
  | { readonly kind: 'picker' }
  | { readonly kind: 'found'; readonly by: 1 | -1 }
  | { readonly kind: 'rule'; readonly how: 'toggle' | 'remove' | 'up' | 'down' }
  | { readonly kind: 'type'; readonly what: 'rule' | 'add' | 'write' }
  | { readonly kind: 'undo' }
  | { readonly kind: 'original' }
  | { readonly kind: 'escape' }
  | { readonly kind: 'quit' }

export type Binding = {
  /** The first is the one that is shown. */
  readonly keys: readonly string[]
  readonly action: Action
  readonly help: string
  readonly group: 'Ahead' | 'Back' | 'Look' | 'Find' | 'Breakpoints' | 'What if' | 'Session'
}

const ahead = (keys: readonly string[], move: Move, help: string): Binding => ({
  keys,
  action: { kind: 'move', move, way: 'ahead' },
  help,
  group: 'Ahead',
})
const back = (keys: readonly string[], move: Move, help: string): Binding => ({
  keys,
  action: { kind: 'move', move, way: 'back' },
  help,
  group: 'Back',
})
const pane = (key: string, name: PaneName, help: string): Binding => ({
  keys: [key],
  action: { kind: 'pane', pane: name },
  help,
  group: 'Look',
})

/** The one table of keys: what they do, the help, the man page and README.md all come from it. */
export const BINDINGS: readonly Binding[] = [
  ahead(['s', 'right'], 'into', 'the next thing that happens, into chains'),
  ahead(['n'], 'over', 'the next rule of this chain, over what a jump leads into'),
  ahead(['f'], 'out', 'out of this chain'),
  ahead(['m', 'space'], 'match', 'to the next rule that matches'),
  ahead(['c'], 'continue', 'to the next breakpoint, else the verdict'),
  ahead(['v'], 'verdict', 'to the verdict; again: to that of the next packet'),
  { keys: ['G', 'end'], action: { kind: 'go', where: 'last' }, help: 'to the end', group: 'Ahead' },
  back(['S', 'left'], 'into', 'back by one'),
  back(['N'], 'over', 'back in this chain, over what jumps led into'),
  back(['F'], 'out', 'back to the rule that led into this chain'),
  back(['M'], 'match', 'back to the rule before that matches'),
  back(['C'], 'continue', 'back to the breakpoint before, else the start of the packet'),
  back(['V'], 'verdict', 'back to the start of the packet; again: of the one before'),
  {
    keys: ['g', 'home'],
    action: { kind: 'go', where: 'first' },
    help: 'to the start',
    group: 'Back',
  },
  {
    keys: ['backspace'],
    action: { kind: 'go', where: 'before' },
    help: 'where you were before the last move',
    group: 'Back',
  },
  { keys: ['j', 'down'], action: { kind: 'row', by: 1 }, help: 'a row down', group: 'Look' },
  { keys: ['k', 'up'], action: { kind: 'row', by: -1 }, help: 'a row up', group: 'Look' },
  {
    keys: ['page-down', 'ctrl-d'],
    action: { kind: 'row', by: 'page' },
    help: 'a page down',
    group: 'Look',
  },
  {
    keys: ['page-up', 'ctrl-u'],
    action: { kind: 'row', by: 'page-back' },
    help: 'a page up',
    group: 'Look',
  },
  {
    keys: ['enter'],
    action: { kind: 'go', where: 'here' },
    help: 'run to the row; in the packet: edit the field',
    group: 'Look',
  },
  {
    keys: ['u'],
    action: { kind: 'stack', by: 1 },
    help: 'look at the calling chain',
    group: 'Look',
  },
  {
    keys: ['d'],
    action: { kind: 'stack', by: -1 },
    help: 'look at the called chain',
    group: 'Look',
  },
  { keys: ['tab'], action: { kind: 'pane', pane: 'next' }, help: 'the next pane', group: 'Look' },
  {
    keys: ['shift-tab'],
    action: { kind: 'pane', pane: 'previous' },
    help: 'the pane before',
    group: 'Look',
  },
  pane('1', 'rules', 'the rules of the chain'),
  pane('2', 'source', 'the file and its line'),
  pane('3', 'packet', 'the packet'),
  pane('4', 'state', 'marks, connection, sets, verdict'),
  pane('5', 'log', 'what was done so far'),
  {
    keys: ['/'],
    action: { kind: 'prompt', prompt: 'search' },
    help: 'find a text in rules and files',
    group: 'Find',
  },
  { keys: ['>'], action: { kind: 'found', by: 1 }, help: 'the next place', group: 'Find' },
  { keys: ['<'], action: { kind: 'found', by: -1 }, help: 'the place before', group: 'Find' },
  {
    keys: ['.'],
    action: { kind: 'jump', to: 'decider' },
    help: 'to the rule that decides',
    group: 'Find',
  },
  {
    keys: ['!'],
    action: { kind: 'jump', to: 'shadow' },
    help: 'to the rule that comes before the one that is looked at',
    group: 'Find',
  },
  {
    keys: ['='],
    action: { kind: 'jump', to: 'other-backend' },
    help: 'the same line in the other backend',
    group: 'Find',
  },
  {
    keys: [':'],
    action: { kind: 'prompt', prompt: 'command' },
    help: 'a command; Tab completes names of the configuration',
    group: 'Find',
  },
  {
    keys: ['b'],
    action: { kind: 'break' },
    help: 'set or clear a breakpoint on the row',
    group: 'Breakpoints',
  },
  {
    keys: ['i'],
    action: { kind: 'overlay', overlay: 'breakpoints' },
    help: 'list breakpoints; a digit switches one off and on',
    group: 'Breakpoints',
  },
  { keys: ['e'], action: { kind: 'edit' }, help: 'edit the packet', group: 'What if' },
  {
    keys: ['p'],
    action: { kind: 'picker' },
    help: 'choose another packet: guests, services, packets asked about before',
    group: 'What if',
  },
  {
    keys: ['6'],
    action: { kind: 'flip', what: 'family' },
    help: 'IPv4 or IPv6',
    group: 'What if',
  },
  {
    keys: ['B'],
    action: { kind: 'flip', what: 'backend' },
    help: 'iptables or nftables',
    group: 'What if',
  },
  {
    keys: ['x'],
    action: { kind: 'rule', how: 'toggle' },
    help: 'switch the rule off or on',
    group: 'What if',
  },
  {
    keys: ['X'],
    action: { kind: 'rule', how: 'remove' },
    help: 'remove the rule',
    group: 'What if',
  },
  {
    keys: ['J'],
    action: { kind: 'rule', how: 'down' },
    help: 'move the rule down',
    group: 'What if',
  },
  {
    keys: ['K'],
    action: { kind: 'rule', how: 'up' },
    help: 'move the rule up',
    group: 'What if',
  },
  {
    keys: ['E'],
    action: { kind: 'type', what: 'rule' },
    help: 'edit the rule: its line as it stands in the file',
    group: 'What if',
  },
  {
    keys: ['a'],
    action: { kind: 'type', what: 'add' },
    help: 'add a rule behind it',
    group: 'What if',
  },
  { keys: ['U'], action: { kind: 'undo' }, help: 'take the last edit back', group: 'What if' },
  {
    keys: ['w'],
    action: { kind: 'type', what: 'write' },
    help: 'write the edited files to a directory',
    group: 'What if',
  },
  {
    keys: ['@'],
    action: { kind: 'jump', to: 'next-node' },
    help: 'the rules of the next node',
    group: 'What if',
  },
  {
    keys: ['o'],
    action: { kind: 'original' },
    help: 'back to what was asked first; again: to what you made of it',
    group: 'What if',
  },
  {
    keys: ['y'],
    action: { kind: 'overlay', overlay: 'command-line' },
    help: 'the command line that shows this',
    group: 'Session',
  },
  {
    keys: ['?'],
    action: { kind: 'overlay', overlay: 'help' },
    help: 'these keys',
    group: 'Session',
  },
  { keys: ['escape'], action: { kind: 'escape' }, help: 'close what is open', group: 'Session' },
  { keys: ['q', 'ctrl-c'], action: { kind: 'quit' }, help: 'leave', group: 'Session' },
]

const BY_KEY: ReadonlyMap<string, Action> = new Map(
  BINDINGS.flatMap(({ keys, action }) => keys.map((key) => [key, action] as const)),
)

/** What a key does outside of prompts; null: nothing. */
export function actionOf(key: string): Action | null {
  return BY_KEY.get(key) ?? null
}

/** A key as people write it: `s`, `space`, `Ctrl-C`, `→`. */
export function keyName(key: string): string {
  const [, letter] = /^ctrl-(.)$/.exec(key) ?? []
  if (letter !== undefined) return `Ctrl-${letter.toUpperCase()}`
  return ARROWS[key] ?? key
}

const ARROWS: Readonly<Record<string, string>> = {
  right: 'Right',
  left: 'Left',
  up: 'Up',
  down: 'Down',
}
