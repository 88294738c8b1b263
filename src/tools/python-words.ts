/**
 * Words of Python that a tool, a parameter or a type cannot be called by.
 */

/** Keywords: never an identifier. */
export const PYTHON_KEYWORDS: ReadonlySet<string> = new Set(
  `False None True and as assert async await break class continue def del elif else except finally for from global
  if import in is lambda nonlocal not or pass raise return try while with yield`.split(/\s+/),
);

/**
 * Names that mean something else in a script: builtins, modules that scripts import under their own name, and what
 * the runner adds. A tool of such a name would hide them, or be hidden by an `import`.
 */
export const PYTHON_TAKEN_NAMES: ReadonlySet<string> = new Set(
  `abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex copyright
  credits delattr dict dir divmod enumerate eval exec exit filter float format frozenset getattr globals hasattr hash
  help hex id input int isinstance issubclass iter len license list locals map max memoryview min next object oct open
  ord pow print property quit range repr reversed round set setattr slice sorted staticmethod str sum super tuple type
  vars zip ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup Ellipsis EOFError Exception
  ExceptionGroup FileNotFoundError ImportError IndexError KeyError KeyboardInterrupt LookupError MemoryError NameError
  NotImplemented NotImplementedError OSError OverflowError PermissionError RecursionError RuntimeError
  StopAsyncIteration StopIteration SyntaxError SystemExit TimeoutError TypeError UnicodeDecodeError UnicodeEncodeError
  UnicodeError ValueError ZeroDivisionError ToolError
  abc array asyncio base64 bisect calendar codecs collections concurrent contextlib copy csv dataclasses datetime
  decimal difflib email enum fnmatch fractions functools glob hashlib heapq hmac html http inspect io itertools json
  logging math numbers operator os pathlib pickle platform pprint queue random re secrets select shutil signal socket
  sqlite3 stat statistics string struct subprocess sys tempfile textwrap threading time timeit tokenize traceback types
  typing unicodedata unittest urllib uuid warnings weakref xml zipfile zlib zoneinfo`.split(/\s+/),
);

/** Whether `name` can be a parameter or a field as it is. */
export function isPythonIdentifier(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !PYTHON_KEYWORDS.has(name);
}
