import { ntpEpochMs } from '#contract/capture-time.ts';

/** RFC 2326 3.7 as answers write it: `clock=20251024T100000.04Z-` or `…-20251024T110000Z`. */
const clockRange = /^\s*clock\s*=\s*(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\.\d+)?Z\s*-/i;

/** When the range that a server plays begins, epoch ms; undefined where it does not say so in UTC. */
export function rangeStart(field: string | undefined): number | undefined {
  const match = clockRange.exec(field ?? '');
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
  const whole = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
  return whole + Number(match[7] ?? '0') * 1000;
}

/** The RTP time that the range begins with: `rtptime` of the first stream in `RTP-Info` (RFC 2326 12.33). */
export function rtpTimeOf(field: string | undefined): number | undefined {
  const match = /(?:^|;)\s*rtptime\s*=\s*(\d+)/i.exec((field ?? '').split(',')[0] ?? '');
  return match === null ? undefined : Number(match[1]);
}

const replayProfile = 0xabac;

/** When the picture was taken, epoch ms, as ONVIF's header extension tells (Streaming Specification 6.3); else undefined. */
export function replayTime(packet: Buffer): number | undefined {
  if (packet.length < 12 || (packet.readUInt8(0) & 0x10) === 0) return undefined;
  const at = 12 + (packet.readUInt8(0) & 0x0f) * 4;
  if (packet.length < at + 12 || packet.readUInt16BE(at) !== replayProfile) return undefined;
  return packet.readUInt32BE(at + 4) * 1000 - ntpEpochMs + (packet.readUInt32BE(at + 8) / 2 ** 32) * 1000;
}

export interface ClockParts {
  /** What was asked for, epoch ms. */
  readonly startMs: number;
  readonly endMs: number;
  /** RTP ticks per second. */
  readonly clockRate: number;
  /** What the server says of the range's beginning, epoch ms, and of its RTP time. */
  readonly rangeMs: number | undefined;
  readonly rtpTime: number | undefined;
}

/** A server that begins farther before the moment than this did not mean what it said, ms. */
const farBeforeMs = 600_000;

/**
 * Recorded time of RTP timestamps. What the server says of a picture itself counts most, then the range it says that it
 * plays, and where it says nothing the first picture is taken for the moment that was asked for. From there on RTP's
 * clock counts, over its turn at 2^32 as well.
 */
export class RecordedClock {
  readonly #parts: ClockParts;
  #origin: { readonly ticks: number; readonly timeMs: number } | undefined;
  /** The newest RTP timestamp, and the same without its turns. */
  #newest: { readonly timestamp: number; readonly ticks: number } | undefined;

  constructor(parts: ClockParts) {
    this.#parts = parts;
  }

  /** Epoch ms, with what the server's ticks give of a fraction. `toldMs`: what the picture says itself. */
  timeOf(timestamp: number, toldMs: number | undefined): number {
    const { clockRate, rangeMs, rtpTime, startMs } = this.#parts;
    const ticks = this.#unwrap(timestamp);
    if (toldMs !== undefined && this.#isCredible(toldMs)) {
      this.#origin = { ticks, timeMs: toldMs };
      return toldMs;
    }
    if (this.#origin === undefined) {
      const isDated = rangeMs !== undefined && this.#isCredible(rangeMs);
      this.#origin =
        isDated && rtpTime !== undefined
          ? { ticks: ticks - turn(timestamp - rtpTime), timeMs: rangeMs }
          : { ticks, timeMs: isDated ? rangeMs : startMs };
    }
    return this.#origin.timeMs + ((ticks - this.#origin.ticks) * 1000) / clockRate;
  }

  #isCredible(timeMs: number): boolean {
    const { startMs, endMs } = this.#parts;
    return timeMs >= startMs - farBeforeMs && timeMs <= endMs + farBeforeMs;
  }

  #unwrap(timestamp: number): number {
    const before = this.#newest;
    const ticks = before === undefined ? timestamp : before.ticks + turn(timestamp - before.timestamp);
    this.#newest = { timestamp, ticks };
    return ticks;
  }
}

/** The difference of two 32-bit timestamps, taken the short way round. */
const turn = (difference: number): number => difference | 0;
