import type { RecordedFrame, RecordingCursor } from '#server/vms/recordings.ts';
import { VmsError } from '#server/vms/vms.ts';
import { abortable } from '../abortable.ts';
import { ChannelLost, ConnectRefused, type ImageChannel, type ImageReply } from './image-channel.ts';
import type { Seat } from './image-pool.ts';
import type { ImageRequest } from './image-requests.ts';
import { readRecordedPacket } from './recorded-packet.ts';

/** Requests for the following pictures under way while somebody plays: hides the way to the recorder and back. */
const readAhead = 4;
/** Pictures from keyframe to keyframe: ten seconds at thirty pictures a second are as much as anybody sets. */
const longestGroup = 300;

/** A cursor over one ImageServer connection. The connection is a matter of its own: it may die, the place is known here. */
export class ImageServerCursor implements RecordingCursor {
  readonly #seat: Seat;
  readonly #closed = new AbortController();
  /** The end of the last call; calls wait for it. */
  #turn: Promise<unknown> = Promise.resolve();
  /** The picture shown last. */
  #place: { readonly timeMs: number; readonly previousMs: number | undefined } | undefined;
  /** The connection that stands at the place, `ahead.length` requests of `next` further. */
  #standing: ImageChannel | undefined;
  #ahead: Promise<ImageReply>[] = [];

  constructor(seat: Seat) {
    this.#seat = seat;
  }

  at(
    timeMs: number,
    { keyframe }: { keyframe: boolean },
    signal: AbortSignal,
  ): Promise<RecordedFrame | undefined> {
    return this.#inTurn(signal, async (inner) => {
      let found = await this.#goTo(timeMs, keyframe, inner);
      // Recorders land on the nearest picture, and that may be on the far side of a gap.
      for (let tries = 0; found !== undefined && found.timeMs > timeMs && tries < 3; tries++)
        found =
          found.previousMs === undefined ? undefined : await this.#goTo(found.previousMs, keyframe, inner);
      if (found === undefined || found.timeMs > timeMs) {
        this.#leave();
        this.#place = undefined;
        return undefined;
      }
      // Not every recorder heeds the wish for a keyframe.
      for (let steps = 0; keyframe && !found.isKeyframe && steps < longestGroup; steps++) {
        if (found.previousMs === undefined) break;
        found = (await this.#goTo(found.previousMs, false, inner)) ?? found;
      }
      return this.#arrive(found);
    });
  }

  next(signal: AbortSignal): Promise<RecordedFrame | undefined> {
    return this.#inTurn(signal, async (inner) => {
      if (this.#place === undefined) return this.#arrive(await this.#first({ method: 'begin' }, inner));
      const { timeMs } = this.#place;
      if ((await this.#seat.channel(inner)) !== this.#standing) {
        // It is another connection, or an aborted call has left this one elsewhere.
        const here = await this.#goTo(timeMs, false, inner);
        // What was shown last may have been deleted in the meantime.
        if (here === undefined || here.timeMs > timeMs) return this.#arrive(here);
      }
      const channel = this.#standing;
      if (channel === undefined) throw new ChannelLost();
      while (this.#ahead.length <= readAhead) this.#ahead.push(channel.ask({ method: 'next' }));
      for (let [first] = this.#ahead; first !== undefined; [first] = this.#ahead) {
        const reply = await abortable(first, inner);
        void this.#ahead.shift();
        // At the live edge requests were answered "nothing yet"; a later one may have met a new picture.
        const frame = readFrame(reply);
        if (frame !== undefined) return this.#arrive(frame);
      }
      return undefined;
    });
  }

  previous(signal: AbortSignal): Promise<RecordedFrame | undefined> {
    return this.#inTurn(signal, async (inner) => {
      if (this.#place === undefined) return this.#arrive(await this.#first({ method: 'end' }, inner));
      const { timeMs, previousMs } = this.#place;
      if (previousMs !== undefined) {
        const found = await this.#goTo(previousMs, false, inner);
        if (found !== undefined && found.timeMs < timeMs) return this.#arrive(found);
      }
      if ((await this.#seat.channel(inner)) !== this.#standing || this.#ahead.length > 0)
        await this.#goTo(timeMs, false, inner);
      const channel = this.#standing;
      if (channel === undefined) throw new ChannelLost();
      const found = readFrame(await abortable(channel.ask({ method: 'previous' }), inner));
      return found !== undefined && found.timeMs < timeMs ? this.#arrive(found) : undefined;
    });
  }

  close(): void {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort(new VmsError('unavailable', 'The recording is not being watched any more'));
    this.#leave();
    this.#seat.release();
  }

  /** One call after the other. A connection that dies under a call is replaced once. */
  async #inTurn<T>(caller: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const signal = AbortSignal.any([caller, this.#closed.signal]);
    const before = this.#turn;
    const { promise: done, resolve } = Promise.withResolvers<undefined>();
    this.#turn = before.then(() => done);
    try {
      await abortable(before, signal);
      try {
        return await work(signal);
      } catch (error) {
        if (signal.aborted || !isLost(error)) throw error;
        this.#leave();
        return await work(signal);
      }
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw error instanceof ConnectRefused
        ? new VmsError('refused', 'The recorder does not accept the connection any more')
        : error;
    } finally {
      resolve(undefined);
    }
  }

  async #goTo(timeMs: number, keyframe: boolean, signal: AbortSignal): Promise<RecordedFrame | undefined> {
    return this.#first({ method: 'goto', timeMs, keyframe }, signal);
  }

  /** A request that starts anew: whatever was asked for ahead is nobody's any more. */
  async #first(request: ImageRequest, signal: AbortSignal): Promise<RecordedFrame | undefined> {
    const channel = await this.#seat.channel(signal);
    // Until the answer is there nobody knows where it stands; an abort leaves it so.
    this.#leave();
    const frame = readFrame(await abortable(channel.ask(request), signal));
    this.#standing = channel;
    return frame;
  }

  #leave(): void {
    this.#standing = undefined;
    this.#ahead = [];
  }

  #arrive(frame: RecordedFrame | undefined): RecordedFrame | undefined {
    if (frame !== undefined) this.#place = { timeMs: frame.timeMs, previousMs: frame.previousMs };
    return frame;
  }
}

/** A refusal here is that of a renewal: the token died first. A new connection gets a new one. */
const isLost = (error: unknown): boolean => error instanceof ChannelLost || error instanceof ConnectRefused;

function readFrame(reply: ImageReply): RecordedFrame | undefined {
  if (reply.data === undefined) return undefined;
  const { timeMs: ownTimeMs, codec, isKeyframe, units } = readRecordedPacket(reply.data);
  const timeMs = reply.timeMs ?? ownTimeMs;
  if (timeMs === undefined)
    throw new VmsError('unexpected-answer', 'The recorder sent a picture without its time');
  return { codec, timeMs, isKeyframe, units, previousMs: reply.previousMs, nextMs: reply.nextMs };
}
