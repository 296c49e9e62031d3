import type { FedPicture } from '#server/vms/playback-feed.ts';
import type { RecordedSpan } from '#server/vms/recordings.ts';
import { VmsError } from '#server/vms/vms.ts';
import type { RecordedGop } from './gop-shelf.ts';
import { spanPictures, type SpanReading } from './span-pictures.ts';

/** A group of pictures that is longer than this is somebody's mistake. */
const mostPictures = 6000;
const mostBytes = 48 * 1024 * 1024;

/** Reads one recorded stretch GOP by GOP. One reader, one call at a time. */
export class GopReader {
  readonly #pictures: AsyncGenerator<FedPicture, void, undefined>;
  readonly #ending = new AbortController();
  /** The keyframe of the next GOP, read already. */
  #ahead: FedPicture | undefined;
  #isOver = false;
  /** What it reads. */
  readonly span: RecordedSpan;

  constructor(reading: Omit<SpanReading, 'end'> & { readonly span: RecordedSpan }) {
    this.span = reading.span;
    this.#pictures = spanPictures({ ...reading, end: reading.span.end }, this.#ending.signal);
  }

  /** The time of the keyframe that the next GOP begins with, where it is known. */
  get nextStart(): number | undefined {
    return this.#ahead?.timeMs;
  }

  /** The next GOP; undefined at the end of the stretch. An aborted call leaves the reader of no use: close it. */
  async next(signal: AbortSignal): Promise<RecordedGop | undefined> {
    const leave = (): void => this.#ending.abort(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    try {
      signal.throwIfAborted();
      return await this.#read();
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  /** Safe to call twice. */
  close(): void {
    this.#isOver = true;
    this.#ending.abort(new VmsError('unavailable', 'The recording is not being read any more'));
    void this.#pictures.return().catch(() => undefined);
  }

  async #read(): Promise<RecordedGop | undefined> {
    const pictures: FedPicture[] = this.#ahead === undefined ? [] : [this.#ahead];
    this.#ahead = undefined;
    let bytes = 0;
    while (!this.#isOver) {
      const step = await this.#pictures.next();
      if (step.done === true) {
        this.#isOver = true;
        break;
      }
      const picture = step.value;
      if (picture.isKeyframe && pictures.length > 0) {
        this.#ahead = picture;
        return { pictures, until: picture.timeMs };
      }
      // A stretch begins with a keyframe; what comes before it cannot be decoded.
      if (pictures.length === 0 && !picture.isKeyframe) continue;
      pictures.push(picture);
      bytes += picture.units.reduce((sum, { length }) => sum + length, 0);
      if (pictures.length > mostPictures || bytes > mostBytes)
        throw new VmsError('unexpected-answer', 'A group of pictures of this recording has no end');
    }
    return pictures.length === 0 ? undefined : { pictures, until: undefined };
  }
}
