import type { Socket } from 'node:net';
import type { Format } from '#mocks/camera/pictures.ts';
import type { SiteCamera } from '#mocks/site/cameras.ts';
import { sequences } from '#mocks/site/recordings.ts';
import type { Faults } from '../faults.ts';
import type { Features } from '../features.ts';
import type { LivePictures } from './live-feed.ts';
import { RecordedFrames } from './recorded-frames.ts';
import { textOf, type MethodCall } from './request.ts';
import {
  emptyImageResponse,
  imageResponse,
  jpegResponse,
  methodResponse,
  videoBlockResponse,
} from './response.ts';
import type { Transcoding } from './transcoding.ts';

export const playbackMethods = [
  'goto',
  'next',
  'previous',
  'nextsequence',
  'previoussequence',
  'begin',
  'end',
] as const;

export interface PlaybackParts {
  readonly camera: SiteCamera;
  readonly format: Format;
  readonly pictures: LivePictures;
  readonly faults: Faults;
  readonly features: Features;
  /** Absent: in the codec they were recorded in. */
  readonly transcoding: Transcoding | undefined;
}

/** What one connection does with recordings: a place in them, and answers in the order of the questions. */
export class Playback {
  readonly #socket: Socket;
  readonly #parts: PlaybackParts;
  readonly #frames: RecordedFrames;
  #at: number | undefined;
  #sequence = 0;
  #queue: Promise<void> | undefined;

  constructor(socket: Socket, parts: PlaybackParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.#frames = new RecordedFrames(parts.camera, parts.format, parts.pictures);
  }

  /** Answers now, or after the delay that is set; requests wait for those before them. */
  do(call: MethodCall): void {
    const { latencyMs = 0, failWith } = this.#parts.faults.surface('image-server');
    if (failWith !== undefined) {
      this.#socket.destroy();
      return;
    }
    if (latencyMs === 0 && this.#queue === undefined) {
      this.#answer(call);
      return;
    }
    const turn = (this.#queue ?? Promise.resolve()).then(async () => {
      await new Promise((resolve) => setTimeout(resolve, latencyMs));
      if (!this.#socket.destroyed) this.#answer(call);
      if (this.#queue === turn) this.#queue = undefined;
    });
    this.#queue = turn;
  }

  #answer(call: MethodCall): void {
    try {
      if (call.method === 'alarms') this.#sayAlarms(call);
      else this.#show(call);
    } catch {
      // A camera whose picture cannot be made is this connection's trouble only.
      this.#socket.destroy();
    }
  }

  #show(call: MethodCall): void {
    const now = Date.now();
    const target = this.#target(call, now);
    if (target === undefined) {
      this.#socket.write(emptyImageResponse(call.requestId));
      return;
    }
    this.#at = target;
    const { camera, format, pictures, features, transcoding } = this.#parts;
    const frames = this.#frames;
    const before = frames.previous(target, now);
    const after = frames.next(target, now);
    const header = {
      requestId: call.requestId,
      sequence: this.#sequence++,
      keyframeTimeMs: frames.timeOf(frames.keyframeOf(target)),
      timeMs: frames.timeOf(target),
      previousMs: before === undefined ? undefined : frames.timeOf(before),
      nextMs: after === undefined ? undefined : frames.timeOf(after),
    };
    if (transcoding !== undefined) {
      const jpeg = transcoding.draw(camera, header.timeMs, call);
      this.#socket.write(
        jpeg === undefined
          ? emptyImageResponse(call.requestId)
          : jpegResponse(jpeg, header, features.now.jpegForm),
      );
      return;
    }
    const unit = pictures.at(camera, format, target);
    this.#socket.write((features.now.videoBlocks ? videoBlockResponse : imageResponse)(unit, header));
  }

  #target(call: MethodCall, now: number): number | undefined {
    const { transcoding } = this.#parts;
    const keyframesOnly =
      textOf(call, 'keyframesonly').toLowerCase() === 'yes' || transcoding?.allFrames === false;
    const frames = this.#frames;
    const from = this.#at;
    switch (call.method) {
      case 'goto': {
        const found = frames.nearest(Number(textOf(call, 'time')) || 0, now);
        return found !== undefined && keyframesOnly ? frames.keyframeOf(found) : found;
      }
      case 'begin':
        return frames.begin(now);
      case 'end': {
        const last = frames.end(now);
        return last !== undefined && keyframesOnly ? frames.keyframeOf(last) : last;
      }
      case 'next':
        if (from === undefined) return frames.begin(now);
        return keyframesOnly ? frames.nextKeyframe(from, now) : frames.next(from, now);
      case 'previous':
        if (from === undefined) return frames.end(now);
        return keyframesOnly ? frames.previousKeyframe(from, now) : frames.previous(from, now);
      case 'nextsequence':
        return from === undefined ? frames.begin(now) : frames.sequence(from, now, 'next');
      case 'previoussequence':
        return from === undefined ? frames.end(now) : frames.sequence(from, now, 'previous');
      default:
        return undefined;
    }
  }

  /** The spans around a time, those nearest to it where there are more than asked for. */
  #sayAlarms(call: MethodCall): void {
    const centre = Number(textOf(call, 'centertime')) || 0;
    const reach = Number(textOf(call, 'timespan')) || 0;
    const most = Number(textOf(call, 'numalarms')) || 0;
    const within = { start: centre - reach, end: centre + reach };
    const distance = ({ start, end }: { start: number; end: number }) =>
      Math.max(start - centre, centre - end, 0);
    const alarms = sequences(this.#parts.camera, within, Date.now())
      .toSorted((a, b) => distance(a) - distance(b))
      .slice(0, most)
      .toSorted((a, b) => a.start - b.start)
      .map(
        ({ start, end }) =>
          `<alarm><starttime>${start}</starttime><endtime>${end}</endtime><alarmtime>${start}</alarmtime></alarm>`,
      );
    this.#socket.write(methodResponse(call.requestId, 'alarms', `<alarms>${alarms.join('')}</alarms>`));
  }
}
