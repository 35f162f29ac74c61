/** Completion for shells: commands and kinds are in the script, names are asked of the control plane. */
import { Fault } from './fault.ts';
import { KINDS } from './resource/kinds.ts';

/** Commands that take KIND NAME. */
const ON_KINDS = ['get', 'describe', 'delete'];
/** Commands that take a NAME of one kind, by its plural. */
const ON_NAMES: Readonly<Record<string, readonly string[]>> = {
  apps: ['apps', 'exec', 'logs', 'promote', 'abort'],
  clusters: ['clusters', 'kubeconfig', 'etcd', 'requests', 'drill'],
  pools: ['pools'],
  sites: ['ping'],
};
/** Commands of two words, and the second one. */
const PAIRS: Readonly<Record<string, string>> = { policy: 'explain', routes: 'explain' };
const NAMES = "-o name 2>/dev/null | sed 's,^[a-z]*/,,'";

export function completionScript(shell: string, commands: readonly string[]): string {
  const words = commands.join(' ');
  const kinds = KINDS.flatMap(({ name, plural }) => [name, plural]).join(' ');
  if (shell === 'bash') return bash(words, kinds);
  if (shell === 'zsh') return `autoload -U +X bashcompinit && bashcompinit\n${bash(words, kinds)}`;
  if (shell === 'fish') return fish(words, kinds);
  throw new Fault('usage', `There is no completion for ${shell}: say bash, zsh or fish.`);
}

function bash(words: string, kinds: string): string {
  return `_isthmus() {
  local word="\${COMP_WORDS[COMP_CWORD]}" offered=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    offered="${words}"
  else
    case "\${COMP_WORDS[1]}" in
      ${ON_KINDS.join('|')})
        if [ "$COMP_CWORD" -eq 2 ]; then
          offered="${kinds}"
        elif [ "$COMP_CWORD" -eq 3 ]; then
          offered="$(isthmus get "\${COMP_WORDS[2]}" ${NAMES})"
        fi
        ;;
${bashCases()}
    esac
  fi
  COMPREPLY=($(compgen -W "$offered" -- "$word"))
}
complete -o default -F _isthmus isthmus`;
}

function bashCases(): string {
  const named = Object.entries(ON_NAMES).map(
    ([plural, commands]) =>
      `      ${commands.join('|')})\n        offered="$(isthmus get ${plural} ${NAMES})"\n        ;;`,
  );
  const paired = Object.entries(PAIRS).map(
    ([first, second]) =>
      `      ${first})\n        [ "$COMP_CWORD" -eq 2 ] && offered="${second}"\n        ;;`,
  );
  return [...named, ...paired].join('\n');
}

function fishLines(): string[] {
  const named = Object.entries(ON_NAMES).map(
    ([plural, commands]) =>
      `complete -c isthmus -n '__fish_seen_subcommand_from ${commands.join(' ')}' -f -a '(isthmus get ${plural} -o name 2>/dev/null | string replace -r "^[a-z]*/" "")'`,
  );
  const paired = Object.entries(PAIRS).map(
    ([first, second]) => `complete -c isthmus -n '__fish_seen_subcommand_from ${first}' -f -a '${second}'`,
  );
  return [...named, ...paired];
}

function fish(words: string, kinds: string): string {
  const on = `__fish_seen_subcommand_from ${ON_KINDS.join(' ')}`;
  return `complete -c isthmus -n __fish_use_subcommand -f -a '${words}'
complete -c isthmus -n '${on}; and test (count (commandline -opc)) -eq 2' -f -a '${kinds}'
complete -c isthmus -n '${on}; and test (count (commandline -opc)) -eq 3' -f -a '(isthmus get (commandline -opc)[3] -o name 2>/dev/null | string replace -r "^[a-z]*/" "")'
${fishLines().join('\n')}`;
}
