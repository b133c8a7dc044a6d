/** Completion scripts, written from the words; a key press starts a process only where it asks for what runs. */
import type { Offer } from './offers.ts';
import type { Shell } from './shells.ts';
import type { VerbWords } from './words.ts';

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

/** What is offered for each argument as one word of a shell's array: nothing, files, `@` and what is listed, or the words themselves. */
const offersInWords = (offers: readonly Offer[]): string =>
  offers.map((offer) => quoted(offerInWords(offer))).join(' ');

function offerInWords(offer: Offer): string {
  switch (offer.kind) {
    case 'nothing':
      return '';
    case 'files':
      return 'FILES';
    case 'listed':
      return `@${offer.what}`;
    case 'words':
      return offer.words.join(' ');
    default:
      return offer satisfies never;
  }
}

function bashScript(words: readonly VerbWords[]): string {
  const cases = words.map(({ path, verbs, options, offers }) => {
    const names = verbs.map(({ name }) => name).join(' ');
    const flags = options.map(({ flag }) => flag).join(' ');
    return `    ${quoted(path)}) names=${quoted(names)}; flags=${quoted(flags)}; offers=(${offersInWords(offers)}) ;;`;
  });
  const withValue = flagsWithValue(words).join('|');
  return `# Completion of holdfast for bash: source <(holdfast completion bash)
_holdfast() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local path='' index place=0 names='' flags='' offer
  local -a offers=() where=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "\${COMP_WORDS[index]}" in
      --state-dir) index=$((index + 1)); where=(--state-dir "\${COMP_WORDS[index]}"); continue ;;
      ${withValue}) index=$((index + 1)); continue ;;
      -*) continue ;;
    esac
    case "$path" in
      '') path="\${COMP_WORDS[index]}" ;;
      ${nounsIn(words).map(quoted).join('|')}) path="$path \${COMP_WORDS[index]}" ;;
      *) place=$((place + 1)) ;;
    esac
  done
  case "$previous" in
    ${withValue}) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  case "$path" in
${cases.join('\n')}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$current")); return ;;
  esac
  COMPREPLY=($(compgen -W "$names" -- "$current"))
  offer="\${offers[place]}"
  case "$offer" in
    FILES) COMPREPLY+=($(compgen -f -- "$current")) ;;
    @*)
      compopt +o filenames 2>/dev/null
      offer="$("\${COMP_WORDS[0]}" completion --offer "\${offer#@}" "\${where[@]}" 2>/dev/null | cut -f1)"
      COMPREPLY+=($(compgen -W "$offer" -- "$current"))
      ;;
    *) COMPREPLY+=($(compgen -W "$offer" -- "$current")) ;;
  esac
}
complete -o filenames -F _holdfast holdfast
`;
}

function zshScript(words: readonly VerbWords[]): string {
  const cases = words.map(({ path, verbs, options, offers }) => {
    const names = verbs.map(({ name, summary }) => described(name, summary)).join(' ');
    const flags = options.map(({ flag, meaning }) => described(flag, meaning)).join(' ');
    return `    (${quoted(path)}) names=(${names}); flags=(${flags}); offers=(${offersInWords(offers)}) ;;`;
  });
  const withValue = flagsWithValue(words).join('|');
  return `#compdef holdfast
# Completion of holdfast for zsh: source <(holdfast completion zsh), after compinit.
_holdfast() {
  local current="\${words[CURRENT]}" previous="\${words[CURRENT-1]}" place='' index offer
  local -i nth=1
  local -a names flags offers where found
  for ((index = 2; index < CURRENT; index++)); do
    case "\${words[index]}" in
      (--state-dir) index=$((index + 1)); where=(--state-dir "\${words[index]}"); continue ;;
      (${withValue}) index=$((index + 1)); continue ;;
      (-*) continue ;;
    esac
    case "$place" in
      ('') place="\${words[index]}" ;;
      (${nounsIn(words).map(quoted).join('|')}) place="$place \${words[index]}" ;;
      (*) nth=nth+1 ;;
    esac
  done
  case "$previous" in
    (${withValue}) _files; return ;;
  esac
  case "$place" in
${cases.join('\n')}
  esac
  if [[ "$current" == -* ]]; then
    _describe option flags
    return
  fi
  if (( \${#names} )); then _describe command names; fi
  offer="\${offers[nth]}"
  case "$offer" in
    ('') ;;
    (FILES) _files ;;
    (@*)
      found=("\${(@f)$("\${words[1]}" completion --offer "\${offer#@}" "\${where[@]}" 2>/dev/null)}")
      found=("\${(@)\${(@)found:#}/$'\\t'/:}")
      if (( \${#found} )); then _describe process found; fi
      ;;
    (*) found=(\${(z)offer}); _describe word found ;;
  esac
}
compdef _holdfast holdfast
`;
}

function fishScript(words: readonly VerbWords[]): string {
  const lines = words.flatMap(({ path, verbs, options, offers }) => {
    const here = `-n ${quoted(`__holdfast_at ${quoted(path)}`)}`;
    return [
      ...verbs.map(({ name, summary }) => `complete -c holdfast ${here} -a ${name} -d ${quoted(summary)}`),
      ...options.map(({ flag, meaning, takesValue }) => {
        const value = takesValue ? ' -r' : '';
        return `complete -c holdfast ${here} -l ${flag.replace(/^--?/, '')}${value} -d ${quoted(meaning)}`;
      }),
      ...offers.flatMap((offer, nth) => fishOffer(`-n ${quoted(`__holdfast_at ${quoted(path)} ${nth}`)}`, offer)),
    ];
  });
  return `# Completion of holdfast for fish: holdfast completion fish | source
# What was typed: the verb, how many of its arguments, and the state directory.
function __holdfast_typed
    set -l place
    set -l nth 0
    set -l where
    set -l skip
    for word in (commandline -opc)[2..-1]
        if test -n "$skip"
            test "$skip" = --state-dir; and set where $word
            set skip
            continue
        end
        switch $word
            case ${flagsWithValue(words).join(' ')}
                set skip $word
                continue
            case '-*'
                continue
        end
        if test -z "$place"
            set place $word
        else if contains -- "$place" ${nounsIn(words).join(' ')}
            set place "$place $word"
        else
            set nth (math $nth + 1)
        end
    end
    printf '%s\n' "$place" $nth $where
end
function __holdfast_at
    set -l typed (__holdfast_typed)
    test "$typed[1]" = "$argv[1]"; and test (count $argv) -lt 2 -o "$typed[2]" = "$argv[2]"
end
function __holdfast_offer
    set -l typed (__holdfast_typed)
    set -l where
    test (count $typed) -gt 2; and set where --state-dir $typed[3]
    set -l program (commandline -opc)[1]
    $program completion --offer $argv[1] $where 2>/dev/null
end
complete -c holdfast -f
${lines.join('\n')}
`;
}

/** The line that offers something for one argument, if anything is. */
function fishOffer(here: string, offer: Offer): string[] {
  switch (offer.kind) {
    case 'nothing':
      return [];
    case 'files':
      return [`complete -c holdfast ${here} -F`];
    case 'listed':
      return [`complete -c holdfast ${here} -a '(__holdfast_offer ${offer.what})'`];
    case 'words':
      return [`complete -c holdfast ${here} -a ${quoted(offer.words.join(' '))}`];
    default:
      return offer satisfies never;
  }
}

/** A word and its meaning, as zsh's _describe takes them. */
const described = (word: string, meaning: string): string =>
  quoted(`${word.replaceAll(':', '\\:')}:${meaning.replaceAll(':', '\\:')}`);

/** In single quotes; the way out and in again is the same in all three shells. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
