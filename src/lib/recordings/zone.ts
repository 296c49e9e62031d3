const day = 86_400_000;

/** A moment at which the clocks of a zone are changed. `shiftMs` is what they are put on; negative: back. */
export interface ClockChange {
  readonly at: number;
  readonly shiftMs: number;
}

/** A stretch in which the clocks of a zone run on. `offsetMs` is local time minus UTC. Epoch ms, end excluded. */
export interface EvenStretch {
  readonly start: number;
  readonly end: number;
  readonly offsetMs: number;
}

/**
 * The clocks of one time zone. What they show is written as "local ms": the epoch ms at which a clock in UTC would show
 * the same, so that calendar arithmetic can be done in UTC, which has neither gaps nor folds.
 */
export class Zone {
  /** IANA name, such as `Asia/Dubai`; `UTC` for UTC. */
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  /** Offset at the begin of a day of UTC, and what happens within it. */
  readonly #offsets = new Map<number, number>();
  readonly #changes = new Map<number, ClockChange | undefined>();

  /** Throws a RangeError for a name the browser does not know. */
  constructor(name: string) {
    this.name = name;
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** Local time minus UTC at `time`, ms. */
  offsetAt(time: number): number {
    const dayNumber = Math.floor(time / day);
    const change = this.#changeOn(dayNumber);
    if (change && time >= change.at) return this.#startOffset(dayNumber) + change.shiftMs;
    return this.#startOffset(dayNumber);
  }

  /** What the clocks show at `time`, as local ms. */
  localOf(time: number): number {
    return time + this.offsetAt(time);
  }

  /** Every moment at which the clocks show `local`: two in a fold, none in a gap, else one. Ascending. */
  momentsOf(local: number): number[] {
    const offsets = new Set([this.offsetAt(local - day), this.offsetAt(local), this.offsetAt(local + day)]);
    return [...offsets]
      .map((offset) => local - offset)
      .filter((time) => this.localOf(time) === local)
      .sort((a, b) => a - b);
  }

  /** The first moment of the local day that `time` lies in. */
  startOfDay(time: number): number {
    const midnight = Math.floor(this.localOf(time) / day) * day;
    // Some zones put their clocks on at midnight: the day then begins at the change.
    return this.momentsOf(midnight)[0] ?? this.#changeNear(midnight)?.at ?? time;
  }

  /** Which of the two times it is that the clocks show this: undefined outside of folds. */
  foldAt(time: number): 'first' | 'second' | undefined {
    const [first, second] = this.momentsOf(this.localOf(time));
    if (second === undefined) return undefined;
    return time === first ? 'first' : 'second';
  }

  /** The clock changes in [start, end). */
  changes(start: number, end: number): ClockChange[] {
    const found: ClockChange[] = [];
    for (let n = Math.floor(start / day); n * day < end; n++) {
      const change = this.#changeOn(n);
      if (change && change.at >= start && change.at < end) found.push(change);
    }
    return found;
  }

  /** [start, end) in stretches without a clock change. */
  stretches(start: number, end: number): EvenStretch[] {
    const edges = [start, ...this.changes(start, end).map(({ at }) => at), end];
    return edges.slice(1).flatMap((to, i) => {
      const from = edges[i] ?? to;
      return from < to ? [{ start: from, end: to, offsetMs: this.offsetAt(from) }] : [];
    });
  }

  #changeNear(local: number): ClockChange | undefined {
    return this.changes(local - day, local + day)[0];
  }

  #startOffset(dayNumber: number): number {
    let offset = this.#offsets.get(dayNumber);
    if (offset === undefined) this.#offsets.set(dayNumber, (offset = this.#ask(dayNumber * day)));
    return offset;
  }

  /** The change on this day of UTC. No zone has had two on one day since 1970. */
  #changeOn(dayNumber: number): ClockChange | undefined {
    if (this.#changes.has(dayNumber)) return this.#changes.get(dayNumber);
    const before = this.#startOffset(dayNumber);
    const shiftMs = this.#startOffset(dayNumber + 1) - before;
    let change: ClockChange | undefined;
    if (shiftMs !== 0) {
      // Clocks are changed on whole seconds.
      let [low, high] = [(dayNumber * day) / 1000, ((dayNumber + 1) * day) / 1000];
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (this.#ask(middle * 1000) === before) low = middle;
        else high = middle;
      }
      change = { at: high * 1000, shiftMs };
    }
    this.#changes.set(dayNumber, change);
    return change;
  }

  #ask(time: number): number {
    const part: Record<string, string> = {};
    for (const { type, value } of this.#format.formatToParts(time)) part[type] = value;
    const year = part['era'] === 'BC' ? 1 - Number(part['year']) : Number(part['year']);
    const [month, date, hour, minute, second] = ['month', 'day', 'hour', 'minute', 'second'].map((name) =>
      Number(part[name]),
    ) as [number, number, number, number, number];
    return Date.UTC(year, month - 1, date, hour, minute, second) - Math.floor(time / 1000) * 1000;
  }
}

const zones = new Map<string, Zone>();

/** The zone of that name, made once: it remembers what it has asked the browser. */
export function zoneOf(name: string): Zone {
  let zone = zones.get(name);
  if (!zone) zones.set(name, (zone = new Zone(name)));
  return zone;
}

/** The zone this browser is set to. */
export function homeZone(): Zone {
  return zoneOf(new Intl.DateTimeFormat().resolvedOptions().timeZone);
}

/** `UTC+4`, `UTC−3:30`, `UTC`. */
export function offsetWords(offsetMs: number): string {
  if (offsetMs === 0) return 'UTC';
  const minutes = Math.round(Math.abs(offsetMs) / 60_000);
  const rest = minutes % 60;
  const sign = offsetMs < 0 ? '\u2212' : '+';
  return `UTC${sign}${Math.floor(minutes / 60)}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`;
}
