import type { Camera } from '#contract/camera.ts';
import { language, t } from '#lib/ui/words/recordings-words.svelte.ts';
import { notices } from '#lib/ui/notices.svelte.ts';
import { whyKey } from '#lib/ui/words/why.ts';
import { mostTogether, type PastPlace } from './deep-link.ts';
import type { FrameSourceOptions } from './frame-source.ts';
import { nextSpeed } from './playhead.ts';
import type { SpanCacheOptions } from './span-cache.ts';
import { SpanStore } from './span-store.svelte.ts';
import { SyncGroup } from './sync-group.svelte.ts';
import { TimelineView } from './timeline-view.svelte.ts';
import { momentText } from './time-labels.ts';
import { readTypedTime, type TypedFault } from './typed-time.ts';
import { homeZone, type Zone, zoneOf } from './zone.ts';

export interface InvestigationOptions {
  readonly place: PastPlace;
  /** The wall clock, epoch ms. */
  readonly now?: () => number;
  readonly spans?: Partial<SpanCacheOptions>;
  readonly source?: FrameSourceOptions;
}

/** Where one begins who did not say when: not at the very edge, where nothing is recorded yet. */
const beginBeforeMs = 10_000;
/** So close behind a begin, "previous" means the one before, ms. */
const backGraceMs = 1_000;
/** What is known of retention before the first answer. */
const retentionMs = 92 * 86_400_000;

/** A handful of cameras, one clock, one timeline: what somebody who reconstructs what happened works with. */
export class Investigation {
  readonly spans: SpanStore;
  readonly group: SyncGroup;
  readonly view: TimelineView;
  readonly #now: () => number;

  cameraIds: readonly string[] = $state.raw([]);
  selected: string | undefined = $state();
  /** The live edge. */
  now: number = $state(0);
  zone: Zone = $state.raw(homeZone());
  /** Set once A is chosen and B is not. */
  loopFrom: number | undefined = $state();

  constructor({ place, now = Date.now, spans = {}, source = {} }: InvestigationOptions) {
    this.#now = now;
    this.now = now();
    this.spans = new SpanStore({ now, ...spans });
    this.group = new SyncGroup({
      spans: this.spans,
      at: Math.min(place.at ?? this.now - beginBeforeMs, this.now),
      source,
      onEnd: (end) => notices.say(t(end === 'newest' ? 'past.newest-reached' : 'past.oldest-reached')),
    });
    this.view = new TimelineView({ limits: () => this.#limits() });
    this.show(place.cameraIds);
    if (place.loop) this.group.repeat(place.loop);
    if (place.isPlaying) this.group.play(place.speed);
    else this.group.prepare(place.speed);
  }

  /** Where this is now: what a link to it says. */
  get place(): PastPlace {
    const { time, speed, isPlaying, loop } = this.group;
    return { cameraIds: this.cameraIds, at: time, speed, isPlaying, loop };
  }

  /** Lets time pass until the given way to stop is called. */
  run(): () => void {
    const stop = this.group.run();
    const second = setInterval(() => {
      this.now = this.#now();
      this.group.limits = this.#limits();
    }, 1000);
    return () => {
      stop();
      clearInterval(second);
    };
  }

  close(): void {
    this.group.close();
    this.spans.close();
  }

  show(cameraIds: readonly string[]): void {
    this.cameraIds = cameraIds.slice(0, mostTogether);
    this.group.show(this.cameraIds);
    if (this.selected === undefined || !this.cameraIds.includes(this.selected))
      [this.selected] = this.cameraIds;
    // Nine main streams are more than a page can decode; one or two are what one looks at closely.
    for (const id of this.cameraIds) {
      const picture = this.group.pictureOf(id);
      if (picture) picture.stream = this.cameraIds.length > 4 ? 'sub' : 'main';
    }
    this.group.limits = this.#limits();
  }

  /** Adds cameras; says so when there is no room for all. */
  add(cameras: readonly Pick<Camera, 'id'>[]): void {
    const more = cameras.map(({ id }) => id).filter((id) => !this.cameraIds.includes(id));
    const ids = [...this.cameraIds, ...more];
    if (ids.length > mostTogether) notices.show(t('past.camera-full'), { meaning: 'notice' });
    this.show(ids);
    const last = cameras.at(-1);
    if (last && this.cameraIds.includes(last.id)) this.selected = last.id;
  }

  remove(cameraId: string): void {
    this.show(this.cameraIds.filter((id) => id !== cameraId));
  }

  /** What the timeline asks for. */
  scrub(time: number, phase: 'move' | 'end'): void {
    if (phase === 'move') this.group.scrub(time);
    else this.group.seek(time);
  }

  useZone(isUtc: boolean): void {
    this.zone = isUtc ? zoneOf('UTC') : homeZone();
  }

  /** Whether single frames of that camera cannot be shown here, so that it is played as a film. */
  isFilm(cameraId: string | undefined): boolean {
    return cameraId !== undefined && this.group.pictureOf(cameraId)?.film !== undefined;
  }

  faster(direction: 1 | -1): void {
    const speed = nextSpeed(this.group.speed, direction);
    const isBack = this.group.isPlaying ? speed < 0 : direction < 0;
    if (isBack && this.isFilm(this.selected)) {
      notices.show(t('past.film-no-frames'), { meaning: 'notice' });
      return;
    }
    if (this.group.isPlaying) this.group.play(speed);
    else this.group.play(direction > 0 ? 1 : -1);
  }

  async step(direction: 1 | -1): Promise<void> {
    if (this.selected === undefined) return;
    if (this.isFilm(this.selected)) {
      notices.show(t('past.film-no-frames'), { meaning: 'notice' });
      return;
    }
    this.#rest();
    try {
      if (await this.group.step(this.selected, direction))
        notices.say(momentText(this.group.time, this.zone, language().code, 'milli'));
      else
        notices.show(t(direction > 0 ? 'past.no-later-picture' : 'past.no-earlier-picture'), {
          meaning: 'notice',
        });
    } catch {
      // The tile says what is wrong with its picture.
    }
  }

  /** A, then B; then no more. */
  loop(): void {
    if (this.group.loop) this.group.repeat(undefined);
    else if (this.loopFrom === undefined) {
      this.loopFrom = this.group.time;
      notices.say(t('past.loop-from'));
      return;
    } else if (this.loopFrom !== this.group.time) {
      this.group.repeat({
        start: Math.min(this.loopFrom, this.group.time),
        end: Math.max(this.loopFrom, this.group.time),
      });
    }
    this.loopFrom = undefined;
  }

  /** To the begin of the next or previous recording of the selected camera. */
  async jump(direction: 1 | -1): Promise<void> {
    const id = this.selected;
    if (id === undefined) return;
    this.#rest();
    try {
      const hasFound = await this.group.goWhere(async (time, signal) => {
        const found =
          direction > 0
            ? await this.#nextStart(id, time, signal)
            : await this.#previousStart(id, time, signal);
        if (found !== undefined && !signal.aborted) this.view.reveal(found);
        return found;
      });
      if (!hasFound)
        notices.show(t(direction > 0 ? 'past.no-next' : 'past.no-previous'), { meaning: 'notice' });
    } catch (error) {
      notices.show(t('timeline.failed', { why: t(whyKey(error)) }), { meaning: 'notice' });
    }
  }

  /** Goes to a time as it was typed; gives what is wrong with it. */
  goTo(text: string): TypedFault | undefined {
    const typed = readTypedTime(text, {
      zone: this.zone,
      playhead: this.group.time,
      now: this.#now(),
      oldest: this.spans.oldestOf(this.cameraIds),
    });
    if ('fault' in typed) return typed.fault;
    this.group.seek(typed.time);
    this.view.reveal(typed.time);
    return undefined;
  }

  /** The begin of the first recording after the one that `time` lies in. */
  async #nextStart(id: string, time: number, signal: AbortSignal): Promise<number | undefined> {
    const here = await this.spans.findRecorded([id], time, 1, signal);
    if (here === undefined || here > time) return here;
    const end = await this.spans.edgeOf(id, here, 1, signal);
    return this.spans.findRecorded([id], end, 1, signal);
  }

  /** The begin of the recording that `time` lies in, or of the one before, as on every player. */
  async #previousStart(id: string, time: number, signal: AbortSignal): Promise<number | undefined> {
    const last = await this.spans.findRecorded([id], time, -1, signal);
    if (last === undefined) return undefined;
    const start = await this.spans.edgeOf(id, last, -1, signal);
    if (time - start > backGraceMs) return start;
    const before = await this.spans.findRecorded([id], start - 1, -1, signal);
    return before === undefined ? undefined : this.spans.edgeOf(id, before, -1, signal);
  }

  /** Time that a throw still carries on comes to rest where it is: what is asked for now begins there. */
  #rest(): void {
    if (this.view.stop()) this.group.seek(this.group.time);
  }

  #limits() {
    const oldest = this.spans.oldestOf(this.cameraIds) ?? this.now - retentionMs;
    return { start: Math.min(oldest, this.now), end: this.now };
  }
}
