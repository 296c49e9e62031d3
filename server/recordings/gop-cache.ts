import { ByteCache } from './byte-cache.ts';
import type { Gop } from './gop.ts';

interface Kept {
  readonly key: string;
  readonly name: string;
  readonly gop: Gop;
  /** Every moment from the keyframe up to here (excluded) has this keyframe at or before it. */
  readonly until: number;
  readonly isWhole: boolean;
  readonly bytes: number;
}

/** GOPs and single keyframes that were read, found by the moments they are right for. */
export class GopCache {
  readonly #byKey = new Map<string, Map<string, Kept>>();
  readonly #cache: ByteCache<Kept>;

  constructor(limit: number) {
    this.#cache = new ByteCache<Kept>(limit, ({ key, name }) => {
      const own = this.#byKey.get(key);
      own?.delete(name);
      if (own?.size === 0) this.#byKey.delete(key);
    });
  }

  get bytes(): number {
    return this.#cache.bytes;
  }

  /** The whole GOP that the moment lies in. */
  gop(key: string, at: number): Gop | undefined {
    return this.#find(key, at, true)?.gop;
  }

  /** What has the keyframe of the moment: alone, or with its GOP. */
  keyframe(key: string, at: number): Gop | undefined {
    return (this.#find(key, at, false) ?? this.#find(key, at, true))?.gop;
  }

  putGop(key: string, gop: Gop, until: number): void {
    this.#put(key, gop, until, true);
  }

  /** Keeps the longest stretch that the keyframe is known to be right for. */
  putKeyframe(key: string, gop: Gop, until: number): void {
    const known = this.#byKey.get(key)?.get(`keyframe ${gop.start}`);
    this.#put(key, gop, Math.max(until, known?.until ?? 0), false);
  }

  #put(key: string, gop: Gop, until: number, isWhole: boolean): void {
    if (until <= gop.start) return;
    const name = `${isWhole ? 'gop' : 'keyframe'} ${gop.start}`;
    const bytes = gop.init.length + gop.media.length + 300;
    const kept = { key, name, gop, until, isWhole, bytes };
    this.#cache.set(`${key} ${name}`, kept);
    if (this.#cache.get(`${key} ${name}`) !== kept) return;
    const own = this.#byKey.get(key) ?? new Map<string, Kept>();
    this.#byKey.set(key, own.set(name, kept));
  }

  #find(key: string, at: number, isWhole: boolean): Kept | undefined {
    for (const kept of this.#byKey.get(key)?.values() ?? [])
      if (kept.isWhole === isWhole && kept.gop.start <= at && at < kept.until)
        return this.#cache.get(`${key} ${kept.name}`);
    return undefined;
  }
}
