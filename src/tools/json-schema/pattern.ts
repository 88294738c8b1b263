/** Regular expressions of schemas, as ECMA-262 reads them. */

/**
 * Makes the regular expression of a pattern: with Unicode, as JSON Schema wants it, and without where it is valid only
 * so, as many that are in use are.
 *
 * @throws {SyntaxError} when it is valid in neither way
 */
export function toRegExp(pattern: string): RegExp {
  try {
    return new RegExp(pattern, "u");
  } catch {
    return new RegExp(pattern);
  }
}
