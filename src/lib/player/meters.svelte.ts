import type { MediaSession, Vitals } from '#lib/media/media-source.ts';
import type { lumaOf } from './luma-grid.ts';
import type { Pulse } from './pulse.ts';
import type { Rates } from './rates.ts';
import { Readings } from './readings.svelte.ts';
import type { Sample } from './sample.ts';
import type { Sameness } from './sameness.ts';
import type { Screen } from './screen.ts';
import type { Stage } from './stage.svelte.ts';

/** Every so many ticks of the pulse the picture itself is looked at: twice a second. */
const lookEvery = 2;

/** Measures the sessions of one tile, once a second. */
export class Meters {
  /** The last reading of the counters of the session in front. */
  vitals = $state.raw<Vitals | undefined>();
  /** What the last two readings say. */
  rates = $state.raw<Rates>({});
  /** Since when the picture in front has not changed though pictures come, the pulse's ms; undefined while all is well. */
  standsSince = $state.raw<number | undefined>();
  /** The last two minutes. */
  readonly readings = new Readings();
  readonly #stage: Stage;
  readonly #pulse: Pulse;
  /** Loaded with the first look: a wall has pictures before anybody asks whether they change. */
  #sameness: Sameness | undefined;
  #lumaOf: typeof lumaOf | undefined;
  #isReading = false;
  #ticks = 0;
  /** When the picture came that was looked at last, the pulse's ms. */
  #lookedAt: number | undefined;

  constructor(stage: Stage, pulse: Pulse) {
    this.#stage = stage;
    this.#pulse = pulse;
  }

  /**
   * Reads all sessions. Gives the second's sample; undefined while the reading before has not ended, and for a second that
   * is not judged. `ageMs`: of the last picture, and `isJudged`, both as they are when the counters are known.
   */
  async read(
    ageMs: () => number | undefined,
    isLive: boolean,
    isJudged: () => boolean,
  ): Promise<Sample | undefined> {
    if (this.#isReading) return undefined;
    this.#isReading = true;
    try {
      await Promise.all(this.#stage.screens.map((screen) => this.#readOne(screen)));
    } finally {
      this.#isReading = false;
    }
    if (!isJudged()) return undefined;
    const { video, session } = this.#stage.inFront;
    const { bitsPerSecond, framesPerSecond } = this.rates;
    if (isLive && session && bitsPerSecond !== undefined && framesPerSecond)
      this.#sameness?.weigh(bitsPerSecond / 8 / framesPerSecond);
    return this.readings.take({
      at: this.#pulse.now(),
      ageMs: ageMs(),
      vitals: this.vitals,
      rates: this.rates,
      tileWidth: video && video.clientWidth > 0 ? video.clientWidth * devicePixelRatio : undefined,
    });
  }

  /** Another session is in front, or none. */
  forgetSession(): void {
    this.vitals = undefined;
    this.rates = {};
    this.#sameness?.clear();
    this.#see(undefined);
  }

  /** Nobody wants the picture any more. */
  clear(): void {
    this.readings.clear();
  }

  async #readOne(screen: Screen): Promise<void> {
    const { session } = screen;
    const vitals = await session?.vitals().catch(() => undefined);
    if (!session || screen.session !== session || !vitals) return;
    const counted = vitals.arrivals ?? vitals.framesDecoded;
    if (counted !== undefined) screen.watch.count(counted, screen.isPainted);
    screen.meter.take(vitals, this.#pulse.now());
    if (screen !== this.#stage.inFront) return;
    this.rates = screen.meter.rates;
    this.vitals = vitals;
  }

  /**
   * Looks whether the picture in front changes; called with each tick of the pulse. Only where somebody could see it (pictures
   * that are not painted may not be there to be read), and only at pictures that came since the last look: that none come is
   * another trouble.
   */
  look(isLive: boolean): void {
    const { session, video, watch, isPainted } = this.#stage.inFront;
    if (!isLive || !session) {
      this.#see(undefined);
      return;
    }
    this.#ticks += 1;
    if (!isPainted || !video || this.#ticks % lookEvery !== 0 || watch.lastFrameAt === this.#lookedAt) return;
    if (!this.#sameness || !this.#lumaOf) {
      // What cannot be loaded is loaded with the next look.
      this.#load().catch(() => undefined);
      return;
    }
    this.#lookedAt = watch.lastFrameAt;
    // A picture that cannot be read says nothing.
    this.#compare(this.#sameness, this.#lumaOf(video), session).catch(() => undefined);
  }

  async #compare(sameness: Sameness, look: ReturnType<typeof lumaOf>, session: MediaSession): Promise<void> {
    const at = this.#pulse.now();
    const luma = await look;
    if (!luma || this.#stage.inFront.session !== session) return;
    sameness.take({ at, luma });
    this.#see(sameness.standsSince);
  }

  async #load(): Promise<void> {
    const [{ Sameness }, { lumaOf }] = await Promise.all([import('./sameness.ts'), import('./luma-grid.ts')]);
    this.#lumaOf = lumaOf;
    this.#sameness ??= new Sameness();
  }

  #see(standsSince: number | undefined): void {
    if (this.standsSince !== standsSince) this.standsSince = standsSince;
  }
}
