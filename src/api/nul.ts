// A NUL character ends a text for the operating system: no argument and no variable of a program can hold one.

/** Why a program cannot be given this text, if it cannot. */
export function nulMistake(text: string): string | undefined {
  return text.includes("\0") ? "it has a NUL character, which no argument or environment variable can hold" : undefined
}
