/** Completion scripts, written from the words: static, so that a key press starts no process. */
import type { VerbWords } from './words.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The script of a shell. */
export function completionScript(shell: Shell, words: readonly VerbWords[]): string {
  switch (shell) {
    case 'bash':
      return bashScript(words);
    case 'zsh':
      return zshScript(words);
    case 'fish':
      return fishScript(words);
    default:
      return shell satisfies never;
  }
}

/** The path of a noun with verbs takes two words, every other one. */
const nounsIn = (words: readonly VerbWords[]): string[] =>
  words.filter(({ path, verbs }) => path !== '' && verbs.length > 0).map(({ path }) => path);
const flagsWithValue = (words: readonly VerbWords[]): string[] => [
  ...new Set(words.flatMap(({ options }) => options.filter(({ takesValue }) => takesValue).map(({ flag }) => flag))),
];

function bashScript(words: readonly VerbWords[]): string {
  const cases = words.map(({ path, verbs, options, takesFile }) => {
    const names = verbs.map(({ name }) => name).join(' ');
    const flags = options.map(({ flag }) => flag).join(' ');
    return `    ${quoted(path)}) names=${quoted(names)}; flags=${quoted(flags)}; files=${takesFile ? 'yes' : ''} ;;`;
  });
  return `# Completion of holdfast for bash: source <(holdfast completion bash)
_holdfast() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local path='' index names='' flags='' files=''
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "\${COMP_WORDS[index]}" in -*) continue ;; esac
    case "$path" in
      '') path="\${COMP_WORDS[index]}" ;;
      ${nounsIn(words).map(quoted).join('|')}) path="$path \${COMP_WORDS[index]}" ;;
      *) break ;;
    esac
  done
  case "$previous" in
    ${flagsWithValue(words).join('|')}) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  case "$path" in
${cases.join('\n')}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$current")) ;;
    *)
      COMPREPLY=($(compgen -W "$names" -- "$current"))
      [ -n "$files" ] && COMPREPLY+=($(compgen -f -- "$current"))
      ;;
  esac
}
complete -o filenames -F _holdfast holdfast
`;
}

function zshScript(words: readonly VerbWords[]): string {
  const cases = words.map(({ path, verbs, options, takesFile }) => {
    const names = verbs.map(({ name, summary }) => described(name, summary)).join(' ');
    const flags = options.map(({ flag, meaning }) => described(flag, meaning)).join(' ');
    return `    (${quoted(path)}) names=(${names}); flags=(${flags}); files=${takesFile ? 'yes' : ''} ;;`;
  });
  return `#compdef holdfast
# Completion of holdfast for zsh: source <(holdfast completion zsh), after compinit.
_holdfast() {
  local current="\${words[CURRENT]}" previous="\${words[CURRENT-1]}" place='' files='' index
  local -a names flags
  for ((index = 2; index < CURRENT; index++)); do
    [[ "\${words[index]}" == -* ]] && continue
    case "$place" in
      ('') place="\${words[index]}" ;;
      (${nounsIn(words).map(quoted).join('|')}) place="$place \${words[index]}" ;;
      (*) break ;;
    esac
  done
  case "$previous" in
    (${flagsWithValue(words).join('|')}) _files; return ;;
  esac
  case "$place" in
${cases.join('\n')}
  esac
  if [[ "$current" == -* ]]; then
    _describe option flags
  else
    if (( \${#names} )); then _describe command names; fi
    if [[ -n "$files" ]]; then _files; fi
  fi
}
compdef _holdfast holdfast
`;
}

function fishScript(words: readonly VerbWords[]): string {
  const lines = words.flatMap(({ path, verbs, options, takesFile }) => {
    const here = `-n ${quoted(`__holdfast_at ${quoted(path)}`)}`;
    return [
      ...verbs.map(({ name, summary }) => `complete -c holdfast ${here} -a ${name} -d ${quoted(summary)}`),
      ...options.map(({ flag, meaning, takesValue }) => {
        const value = takesValue ? ' -r' : '';
        return `complete -c holdfast ${here} -l ${flag.replace(/^--?/, '')}${value} -d ${quoted(meaning)}`;
      }),
      ...(takesFile ? [`complete -c holdfast ${here} -F`] : []),
    ];
  });
  return `# Completion of holdfast for fish: holdfast completion fish | source
function __holdfast_at
    set -l place
    for word in (commandline -opc)[2..-1]
        switch $word
            case '-*'
                continue
        end
        if test -z "$place"
            set place $word
        else if contains -- "$place" ${nounsIn(words).join(' ')}
            set place "$place $word"
        else
            break
        end
    end
    test "$place" = "$argv[1]"
end
complete -c holdfast -f
${lines.join('\n')}
`;
}

/** A word and its meaning, as zsh's _describe takes them. */
const described = (word: string, meaning: string): string =>
  quoted(`${word.replaceAll(':', '\\:')}:${meaning.replaceAll(':', '\\:')}`);

/** In single quotes; the way out and in again is the same in all three shells. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
