/** What a message can be filled with. */
export type WordValues = Readonly<Record<string, string | number | Date>>;

/** A message that is ready to be said. Throws a TypeError when a value that the message names is missing. */
export type Message = (values: WordValues) => string;

/** Writes one piece of a message; `counted` is the number that `#` stands for. */
type Piece = (values: WordValues, counted: number | undefined) => string;

/**
 * Compiles an ICU message (https://unicode-org.github.io/icu/userguide/format_parse/messages/) of the kinds that the
 * catalogue uses: plain values, `number`, `date`, `time` with the skeletons of {@link numberOptions} and
 * {@link dateOptions}, `plural`, `selectordinal` and `select`, apostrophes as quotes. A fifth of what a complete
 * implementation weighs in the wall's first load; the tests hold it against that. Throws a SyntaxError for anything else.
 */
export function compileMessage(message: string, code: string): Message {
  const text = new Reader(message, code);
  const piece = text.message(false);
  return (values) => piece(values, undefined);
}

class Reader {
  readonly #text: string;
  readonly #code: string;
  #at = 0;

  constructor(text: string, code: string) {
    this.#text = text;
    this.#code = code;
  }

  /** Up to the end, or to the brace that closes this message. `#` counts inside plurals only. */
  message(isCounting: boolean, isInside = false): Piece {
    const pieces: (Piece | string)[] = [];
    let said = '';
    const settle = (piece: Piece) => {
      pieces.push(said, piece);
      said = '';
    };
    for (;;) {
      const sign = this.#text[this.#at];
      if (sign === undefined) {
        if (isInside) this.#fail('a brace is not closed');
        break;
      }
      if (sign === '}') {
        if (!isInside) this.#fail('a brace closes nothing');
        break;
      }
      this.#at += 1;
      if (sign === '{') settle(this.#argument(isCounting));
      else if (sign === '#' && isCounting) settle(counted(this.#code));
      else said += sign === "'" ? this.#quoted(isCounting) : sign;
    }
    pieces.push(said);
    return (values, count) =>
      pieces.map((piece) => (typeof piece === 'string' ? piece : piece(values, count))).join('');
  }

  /** After an apostrophe: two are one, before a sign of the syntax it quotes, elsewhere it is itself. */
  #quoted(isCounting: boolean): string {
    const next = this.#text[this.#at];
    if (next === "'") {
      this.#at += 1;
      return "'";
    }
    if (next !== '{' && next !== '}' && !(next === '#' && isCounting)) return "'";
    let quoted = '';
    for (;;) {
      const sign = this.#text[this.#at++];
      if (sign === undefined) return quoted;
      if (sign !== "'") quoted += sign;
      else if (this.#text[this.#at] === "'") quoted += this.#text[this.#at++] ?? '';
      else return quoted;
    }
  }

  #argument(isCounting: boolean): Piece {
    const name = this.#until(/[,}]/y, 'a name');
    if (this.#take('}')) return (values) => String(valueOf(values, name));
    this.#need(',');
    const kind = this.#until(/[,}]/y, 'a kind');
    const style = this.#take(',') ? undefined : '';
    switch (kind) {
      case 'number': {
        const format = new Intl.NumberFormat(this.#code, numberOptions(style ?? this.#style()));
        this.#need('}');
        return (values) => format.format(Number(valueOf(values, name)));
      }
      case 'date':
      case 'time': {
        const format = new Intl.DateTimeFormat(this.#code, dateOptions(style ?? this.#style(), kind));
        this.#need('}');
        return (values) => format.format(momentOf(valueOf(values, name)));
      }
      case 'plural':
      case 'selectordinal':
        return this.#plural(name, kind === 'plural' ? 'cardinal' : 'ordinal');
      case 'select': {
        const options = this.#options(isCounting);
        return (values, count) => chosen(options, [String(valueOf(values, name))])(values, count);
      }
      default:
        return this.#fail(`there is no ${kind}`);
    }
  }

  #plural(name: string, type: Intl.PluralRuleType): Piece {
    const rules = new Intl.PluralRules(this.#code, { type });
    const options = this.#options(true);
    return (values) => {
      const count = Number(valueOf(values, name));
      return chosen(options, [`=${count}`, rules.select(count)])(values, count);
    };
  }

  #options(isCounting: boolean): ReadonlyMap<string, Piece> {
    const options = new Map<string, Piece>();
    while (!this.#take('}')) {
      const selector = this.#until(/[{]/y, 'a choice');
      this.#need('{');
      options.set(selector, this.message(isCounting, true));
      this.#need('}');
    }
    if (!options.has('other')) this.#fail('the choice “other” is missing');
    return options;
  }

  #style(): string {
    return this.#until(/[}]/y, 'a style');
  }

  /** What stands before one of `stops`, without the space around it. */
  #until(stops: RegExp, what: string): string {
    const from = this.#at;
    for (; this.#at < this.#text.length; this.#at += 1) {
      stops.lastIndex = this.#at;
      if (stops.test(this.#text)) break;
    }
    const said = this.#text.slice(from, this.#at).trim();
    if (said === '' || /[{}]/.test(said)) this.#fail(`${what} is missing`);
    return said;
  }

  #take(sign: string): boolean {
    while (this.#text[this.#at] === ' ' || this.#text[this.#at] === '\n') this.#at += 1;
    if (this.#text[this.#at] !== sign) return false;
    this.#at += 1;
    return true;
  }

  #need(sign: string): void {
    if (!this.#take(sign)) this.#fail(`${sign} is missing`);
  }

  #fail(why: string): never {
    throw new SyntaxError(`“${this.#text}”: ${why} at ${this.#at}`);
  }
}

function counted(code: string): Piece {
  const format = new Intl.NumberFormat(code);
  return (_, count) => format.format(count ?? 0);
}

function chosen(options: ReadonlyMap<string, Piece>, selectors: readonly string[]): Piece {
  const selector = selectors.find((one) => options.has(one)) ?? 'other';
  return options.get(selector) ?? (() => '');
}

function valueOf(values: WordValues, name: string): string | number | Date {
  const value = values[name];
  if (value === undefined) throw new TypeError(`The value {${name}} is missing`);
  return value;
}

function momentOf(value: string | number | Date): number | Date {
  return typeof value === 'string' ? Date.parse(value) : value;
}

/** Number skeletons (https://unicode-org.github.io/icu/userguide/format_parse/numbers/skeletons.html) in use. */
function numberOptions(style: string): Intl.NumberFormatOptions {
  if (style === '') return {};
  if (style === 'integer' || style === '::precision-integer') return { maximumFractionDigits: 0 };
  if (style === 'percent' || style === '::percent') return { style: 'percent' };
  const fraction = /^::\.(0*)(#*)$/.exec(style);
  if (!fraction) throw new SyntaxError(`There is no number style ${style}`);
  const [, always = '', perhaps = ''] = fraction;
  return { minimumFractionDigits: always.length, maximumFractionDigits: always.length + perhaps.length };
}

const styles: Readonly<Record<string, Intl.DateTimeFormatOptions>> = {
  'date short': { month: 'numeric', day: 'numeric', year: '2-digit' },
  'date medium': { month: 'short', day: 'numeric', year: 'numeric' },
  'date long': { month: 'long', day: 'numeric', year: 'numeric' },
  'date full': { weekday: 'long', month: 'long', day: 'numeric', year: 'numeric' },
  'time short': { hour: 'numeric', minute: 'numeric' },
  'time medium': { hour: 'numeric', minute: 'numeric', second: 'numeric' },
};

const textual = ['numeric', '2-digit', 'short', 'long', 'narrow'] as const;

/** Date skeletons (https://unicode.org/reports/tr35/tr35-dates.html#Date_Field_Symbol_Table), and the named styles. */
function dateOptions(style: string, kind: 'date' | 'time'): Intl.DateTimeFormatOptions {
  if (style === '' && kind === 'date') return {};
  if (!style.startsWith('::')) {
    const named = styles[`${kind} ${style === '' ? 'medium' : style}`];
    if (!named) throw new SyntaxError(`There is no ${kind} style ${style}`);
    return named;
  }
  const options: Intl.DateTimeFormatOptions = {};
  for (const [field] of style.slice(2).matchAll(/([a-zA-Z])\1*/g)) {
    const digits = field.length === 2 ? '2-digit' : 'numeric';
    switch (field[0]) {
      case 'y':
        options.year = digits;
        break;
      case 'M':
      case 'L':
        options.month = textual[field.length - 1] ?? 'numeric';
        break;
      case 'd':
        options.day = digits;
        break;
      case 'E':
        options.weekday = field.length === 4 ? 'long' : field.length === 5 ? 'narrow' : 'short';
        break;
      case 'H':
        options.hourCycle = 'h23';
        options.hour = digits;
        break;
      case 'h':
        options.hourCycle = 'h12';
        options.hour = digits;
        break;
      case 'm':
        options.minute = digits;
        break;
      case 's':
        options.second = digits;
        break;
      default:
        throw new SyntaxError(`There is no date field ${field}`);
    }
  }
  return options;
}
