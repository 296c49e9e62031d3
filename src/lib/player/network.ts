import { needsUdp } from './ladder.ts';
import type { Way } from '#lib/media/media-source.ts';

/** Sessions that were agreed on and never connected, until UDP counts as blocked. */
const mostUnconnected = 2;
const rememberMs = 30 * 60_000;
const storedAs = 'parapet.udp-blocked-until';
/** Tiles that probe at once: one finds out; once it has, the others may follow, as fast as decoders can bear. */
const mostProbes = { usual: 1, proven: 8 } as const;
/** So long after pictures came by WebRTC it counts as proven, ms. */
const provenForMs = 60_000;
/** After failed probes in a row, of any tile, nobody probes for so long, ms: each costs one of the page's 500 connections. */
const pausesMs = [0, 5000, 5000, 5000, 5000, 5000, 10_000, 30_000, 60_000, 120_000, 300_000] as const;

/** Where a page keeps what must outlive a reload. */
type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/**
 * What all tiles of a page have learnt about the network they share: whether UDP passes, and whose turn it is to try
 * again. A browser cannot name its network, so everything is forgotten when it says that the network has changed.
 */
export class Network {
  readonly #shelf: () => Shelf | undefined;
  readonly #epochNow: () => number;
  #unconnected = 0;
  readonly #probers = new Set<object>();
  #provenAt = -Infinity;
  #proofs = 0;
  #failures = 0;
  #pausedUntil = 0;

  constructor(
    shelf: () => Shelf | undefined = () => sessionStorage,
    epochNow: () => number = () => Date.now(),
  ) {
    this.#shelf = shelf;
    this.#epochNow = epochNow;
  }

  /** Whether UDP is known not to pass. Remembered for half an hour, over reloads. */
  get isBlocked(): boolean {
    return Number(this.#read() ?? 0) > this.#epochNow();
  }

  /** Whether pictures have come by WebRTC within the last minute. */
  get isProven(): boolean {
    return this.#epochNow() - this.#provenAt < provenForMs;
  }

  /** How often pictures have begun to come by WebRTC, for any tile. */
  get proofs(): number {
    return this.#proofs;
  }

  /** A session by this way was agreed on and given up; `hadConnected`: whether it ever was connected. */
  gaveUp(way: Way, hadConnected: boolean): void {
    if (!needsUdp(way) || hadConnected) return;
    this.#unconnected += 1;
    if (this.#unconnected >= mostUnconnected) this.#write(String(this.#epochNow() + rememberMs));
  }

  /** Pictures came by this way. */
  passed(way: Way): void {
    if (!needsUdp(way) && way !== 'livekit') return;
    this.#provenAt = this.#epochNow();
    this.#proofs += 1;
    if (!needsUdp(way)) return;
    this.#unconnected = 0;
    if (this.#read() !== null) this.#write(undefined);
  }

  /** Whether this tile may probe now (`at`: the pulse's ms). */
  mayProbe(who: object, at: number): boolean {
    if (this.#probers.has(who)) return true;
    const most = this.isProven ? mostProbes.proven : mostProbes.usual;
    return this.#probers.size < most && at >= this.#pausedUntil;
  }

  /** This tile probes from now on; others wait until it is done. */
  beginProbe(who: object): void {
    this.#probers.add(who);
  }

  /** Its probe is over. `isGood`: undefined when it was given up for another reason than its own. Safe to call twice. */
  endProbe(who: object, at: number, isGood: boolean | undefined): void {
    if (!this.#probers.delete(who)) return;
    if (isGood === undefined) return;
    if (!isGood) this.doubt();
    // Those that ran together failed for one reason: they count once, with the last of them.
    if (!isGood && this.#probers.size > 0) return;
    this.#failures = isGood ? 0 : this.#failures + 1;
    this.#pausedUntil = at + (pausesMs[Math.min(this.#failures, pausesMs.length - 1)] ?? 0);
  }

  /** A tile had to leave WebRTC, or found it not to work: that it once did proves nothing now. */
  doubt(): void {
    this.#provenAt = -Infinity;
  }

  /** Somebody wants the best way now: the pause after failed probes is over. */
  hurry(): void {
    this.#failures = 0;
    this.#pausedUntil = 0;
  }

  /** Another network: nothing is known of it. */
  forget(): void {
    this.#unconnected = 0;
    this.hurry();
    this.#provenAt = -Infinity;
    this.#write(undefined);
  }

  #read(): string | null {
    try {
      return this.#shelf()?.getItem(storedAs) ?? null;
    } catch {
      // A browser that keeps nothing for this site.
      return null;
    }
  }

  #write(value: string | undefined): void {
    try {
      if (value === undefined) this.#shelf()?.removeItem(storedAs);
      else this.#shelf()?.setItem(storedAs, value);
    } catch {
      // Then it is found out again after a reload.
    }
  }
}

/** The page's own. */
export const network = new Network();
