/**
 * JSON as .NET's serialiser writes it by default: no blanks, and in texts `"`, `+`, `&`, `'`, `<` and `>` as `\u0022` and
 * so on. Any reader of JSON gives the same back; one that cuts texts out by hand does not.
 */
export function netJson(value: unknown): string {
  return JSON.stringify(value)
    .replace(/\\(.)/g, (escaped, letter) => (letter === '"' ? '\\u0022' : escaped))
    .replace(
      /[+&'<>]/g,
      (letter) => `\\u${letter.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
    );
}
