// The programs that run their own arguments as programs, and how each reads its command line. A table, so that a program
// is added in one line. What a line does not describe counts as unsafe: an option that is missing here costs an author a
// detour by env, one too many would let a value become a program.

/** How a program reads the words behind its name, up to those that are data. */
export interface Grammar {
  /**
   * The constant words without a dash after which all is data: the script, or the program that a wrapper starts, and what
   * stands before it. Infinity: some word behind it is always a program.
   */
  readonly operands: number
  /** Options that take no further word. */
  readonly plain?: RegExp
  /** Options that take the next word, and do not run it. */
  readonly taking?: RegExp
  /** Options that run the next word, whatever it begins with. What follows may be options again. */
  readonly program?: RegExp
  /** `NAME=value` may stand before the operands, and is none. */
  readonly assigns?: boolean
  /** A shell: `+x` is an option, `-` ends them, and the word behind the program is the program's name. */
  readonly isShell?: boolean
}

/** Options of a tool that run the next word, or what is attached to them; its other words are data. */
export interface RunningOptions {
  /** Letters of short options; they may end a cluster: `-Atc`. */
  readonly letters?: string
  /** Whole options; those with two dashes may be shortened. */
  readonly words: readonly string[]
}

export type Program = Grammar | RunningOptions

/**
 * `-c` stands anywhere in a cluster, and options may follow it; with or without it, the first operand is what runs, and
 * the rest are its arguments. These letters take no word in sh, dash, bash, ksh, mksh and zsh alike.
 */
const shell: Grammar = {
  operands: 1,
  plain: /^([-+][abcefhiklmnprstuvxBCEHP]*|--(norc|noprofile|posix|login|restricted|verbose|noediting))$/,
  taking: /^([-+][abcefhiklmnprstuvxBCEHP]*o|[-+]O|--(rcfile|init-file))$/,
  isShell: true,
}
/** `-c` and `-m` take the next word and end the options, so that word is the first operand. */
const python: Grammar = {
  operands: 1,
  plain: /^-[bBdEhiIOPqRsSuvVx]*[bBdEhiIOPqRsSuvVxcm]$/,
  taking: /^-[bBdEiIOPqRsSuvx]*[WX]$/,
}
const perl: Grammar = { operands: 1, plain: /^(-[anplwc]+|-[MmI]\S+)$/, program: /^-[anplwc]*[eE]$/ }
const ruby: Grammar = {
  operands: 1,
  plain: /^(-[anplw]+|-[rI]\S+)$/,
  taking: /^-[rI]$/,
  program: /^-[anplw]*e$/,
}
const node: Grammar = {
  operands: 1,
  plain:
    /^--([a-z][a-z-]*=\S+|no-warnings|no-deprecation|enable-source-maps|trace-warnings|trace-uncaught|expose-gc|experimental-strip-types)$/,
  taking: /^(-r|--require|--import|-C|--conditions)$/,
  program: /^(-e|-p|-pe|--eval|--print)$/,
}
/** `-jar` and `-m` take the next word and end the options, so that word is the first operand. */
const java: Grammar = {
  operands: 1,
  plain: /^(-[DX]\S+|-ea|-server|-jar|-m|--module|--[a-z-]+=\S+)$/,
  taking: /^(-cp|-classpath|--class-path|-p|--module-path|--add-(opens|exports|modules))$/,
}
/** Nothing of its options is known: only a script right behind the name is proven to be one. */
const language: Grammar = { operands: 1 }
/** A program is its first operand, whose options may come later, or every word goes to a shell. */
const all: Grammar = { operands: Number.POSITIVE_INFINITY }

const wrapper = (operands: number, options: Omit<Grammar, "operands"> = {}): Grammar => ({ operands, ...options })

/** By name, without version, path and suffix. */
export const programs: ReadonlyMap<string, Program> = new Map(
  (
    [
      ["sh bash rbash dash ash ksh rksh mksh lksh pdksh zsh rzsh", shell],
      // Their -c may be given again, or takes an attached program.
      ["csh tcsh fish yash nu nushell xonsh elvish", language],
      ["python pypy pythonw", python],
      ["perl", perl],
      ["ruby", ruby],
      ["node nodejs", node],
      ["java", java],
      ["lua luajit luau php rscript tclsh jimsh guile groovy scala kotlin julia elixir racket clojure bb", language],
      ["jruby truffleruby jython micropython ipython hy raku rakudo ts-node tsx babel-node zx coffee", language],
      ["runghc runhaskell ocaml crystal nim swift jshell jrunscript jjs gst pike newlisp picolisp dotnet", language],
      ["awk gawk mawk nawk original-awk goawk frawk sed gsed ssed jq gojq jaq yq xq dasel", all],
      ["ed ex vi vim nvim vimdiff emacs m4 bc dc make gmake bmake nmake just rake cmd powershell pwsh", all],
      ["expect wish gdb lldb r octave gnuplot sqlite sqlite3 duckdb osascript wscript cscript mshta deno bun go", all],
      ["ssh autossh sshpass mosh rsh rexec telnet su runuser eval watch script parallel entr capsh socat", all],
      // Modules of Python that run what they are given.
      ["timeit cprofile pdb idlelib runpy", all],
      // docker run --entrypoint sh IMAGE -c ...: words of two command lines, mixed.
      ["--entrypoint", all],
      [
        "busybox toybox nohup setsid catatonit ltrace strace proot bwrap firejail fakeroot systemd-run mpirun",
        wrapper(1),
      ],
      ["xvfb-run dbus-run-session eatmydata nsenter unshare bunx uvx pipx setpriv", wrapper(1)],
      ["unbuffer chpst softlimit", wrapper(1)],
      ["envdir setuidgid s6-setuidgid", wrapper(2)],
      ["env", wrapper(1, { plain: /^(-[iv0]*|--ignore-environment)$/, taking: /^-[uC]$/, assigns: true })],
      ["sudo doas", wrapper(1, { plain: /^-[nEHPS]+$/, taking: /^-[ugp]$/, assigns: true })],
      ["nice", wrapper(1, { plain: /^(-n-?\d+|--adjustment=-?\d+)$/, taking: /^-n$/ })],
      ["ionice", wrapper(1, { plain: /^-t$|^-[cn]\d+$/, taking: /^-[cn]$/ })],
      ["stdbuf", wrapper(1, { plain: /^-[ioe]\S+$|^--(input|output|error)=\S+$/, taking: /^-[ioe]$/ })],
      ["time", wrapper(1, { plain: /^-[pv]$/ })],
      ["tini docker-init", wrapper(1, { plain: /^-[gsvw]+$/, taking: /^-[pe]$/ })],
      ["dumb-init", wrapper(1, { plain: /^(-[cv]|--single-child|--verbose)$/ })],
      ["xargs", wrapper(1, { plain: /^-([0rtpx]+|[nPLId]\S+)$/, taking: /^-[nPLIda]$/ })],
      ["npx", wrapper(1, { plain: /^(-y|--yes|--no-install)$/, taking: /^(-p|--package)$/ })],
      ["chroot gosu su-exec chrt taskset uv poetry pipenv conda mamba bundle rbenv pyenv", wrapper(2)],
      [
        "timeout",
        wrapper(2, { plain: /^(--(foreground|preserve-status|verbose)|-v|--\w+(-\w+)?=\S+)$/, taking: /^-[ks]$/ }),
      ],
      ["flock", wrapper(2, { plain: /^-[nsxeuo]+$/, taking: /^-[wE]$/ })],
      ["find", { words: ["-exec", "-execdir", "-ok", "-okdir"] }],
      [
        "tar gtar bsdtar",
        {
          letters: "IF",
          words: ["--use-compress-program", "--to-command", "--checkpoint-action", "--rsh-command", "--info-script"],
        },
      ],
      ["scp sftp", { letters: "oS", words: [] }],
      ["ncat nc netcat", { letters: "ec", words: ["--exec", "--sh-exec", "--lua-exec"] }],
      // Its values are templates, which can start programs.
      ["ansible ansible-playbook ansible-console", { letters: "ea", words: ["--extra-vars", "--args"] }],
      ["rsync", { letters: "e", words: ["--rsh", "--rsync-path"] }],
      ["git", { letters: "cx", words: ["--config-env", "--upload-pack", "--receive-pack", "--exec", "--config"] }],
      ["psql", { letters: "cfv", words: ["--command", "--file", "--set", "--variable"] }],
      ["mysql mariadb", { letters: "e", words: ["--execute", "--init-command"] }],
      ["mongosh mongo redis-cli", { words: ["--eval"] }],
      ["npm pnpm yarn", { letters: "c", words: ["exec", "dlx", "x", "--call", "--script-shell", "--node-options"] }],
    ] as const satisfies readonly (readonly [string, Program])[]
  ).flatMap(([names, program]) => names.split(" ").map((name) => [name, program] as const)),
)

/** No program of the table has a name near as long; the search for a version is not linear. */
const longestName = 64

/** The program that a word names, by its path, as the value of an option, or with a version: `--entrypoint=/bin/bash5.2`. */
export function programOf(word: string): Program | undefined {
  if (word.startsWith("--entrypoint")) return programs.get("--entrypoint")
  const name = word.slice(Math.max(...["/", "\\", "="].map((end) => word.lastIndexOf(end))) + 1).toLowerCase()
  if (name.length > longestName) return undefined
  const bare = name.replace(/\.(exe|com|cmd|bat)$/, "")
  return programs.get(bare) ?? programs.get(bare.replace(/[-._]?(\d[\w.-]*|static|dbg|debug|full)$/, ""))
}
