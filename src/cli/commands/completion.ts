import type { Arguments } from '../arguments.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import type { Io } from '../io.ts'

/**
 * Scripts that hand the words of the line to `pvefw --get-yargs-completions` (the protocol of yargs' own scripts)
 * and take one candidate a line; no candidate means a file name.
 */
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `# bash completion for pvefw: source <(pvefw completion bash)
_pvefw() {
  local cur words cword
  if declare -F _get_comp_words_by_ref >/dev/null; then
    _get_comp_words_by_ref -n := cur words cword
  else
    words=("\${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=\${COMP_WORDS[COMP_CWORD]}
  fi
  local IFS=$'\\n'
  COMPREPLY=($(pvefw --get-yargs-completions "\${words[@]:0:cword+1}" 2>/dev/null))
  if [ \${#COMPREPLY[@]} -eq 0 ]; then
    COMPREPLY=($(compgen -f -- "$cur")); compopt -o filenames
  elif declare -F __ltrim_colon_completions >/dev/null; then
    __ltrim_colon_completions "$cur"
  fi
}
complete -F _pvefw pvefw
`,
  zsh: `#compdef pvefw
# zsh completion for pvefw: source <(pvefw completion zsh), or a file _pvefw in $fpath
_pvefw() {
  local -a candidates
  candidates=("\${(@f)$(pvefw --get-yargs-completions "\${(@)words[1,CURRENT]}" 2>/dev/null)}")
  if (( \${#candidates} == 0 )) || [[ -z "$candidates[1]" ]]; then
    _files
  else
    compadd -a candidates
  fi
}
compdef _pvefw pvefw
`,
  fish: `# fish completion for pvefw: pvefw completion fish | source
function __pvefw_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l candidates (pvefw --get-yargs-completions $words 2>/dev/null)
  if test (count $candidates) -eq 0
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $candidates
  end
end
complete -c pvefw -f -a '(__pvefw_complete)'
`,
}

/** `pvefw completion bash|zsh|fish`: a script for the shell's start-up file. */
export async function completion(given: Arguments, io: Io): Promise<ExitCode> {
  io.stdout.write(SCRIPTS[given.text.get('shell') ?? ''] ?? '')
  return EXIT.answered
}
