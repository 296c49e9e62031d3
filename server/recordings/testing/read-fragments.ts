import { momentOf } from './fake-recordings.ts';

export interface ReadSample {
  /** Ticks since the epoch, or since whatever the file counts from. */
  readonly time: number;
  readonly duration: number;
  readonly isKeyframe: boolean;
  readonly units: readonly Uint8Array[];
}

/** The samples of a fragmented MP4 of ours, and how many ticks a second has; undefined without an initialisation segment. */
export function readFragments(file: Uint8Array): {
  readonly ticksPerSecond: number | undefined;
  readonly fragments: readonly (readonly ReadSample[])[];
} {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  let ticksPerSecond: number | undefined;
  const fragments: ReadSample[][] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const box = bytes.subarray(at, at + length);
    if (type === 'moov') ticksPerSecond = box.readUInt32BE(box.indexOf('mdhd', 0, 'latin1') + 16);
    if (type === 'moof') fragments.push(samples(box, bytes.subarray(at + length + 8)));
    if (length < 8 || at + length > bytes.length) throw new Error(`a ${type} box is cut short`);
    at += length;
  }
  return { ticksPerSecond, fragments };
}

function samples(moof: Buffer, media: Buffer): ReadSample[] {
  let time = Number(moof.readBigUInt64BE(moof.indexOf('tfdt', 0, 'latin1') + 8));
  const trun = moof.indexOf('trun', 0, 'latin1');
  const count = moof.readUInt32BE(trun + 8);
  let at = 0;
  return Array.from({ length: count }, (_, i) => {
    const entry = trun + 16 + 12 * i;
    const duration = moof.readUInt32BE(entry);
    const end = at + moof.readUInt32BE(entry + 4);
    const units: Uint8Array[] = [];
    while (at < end) {
      const length = media.readUInt32BE(at);
      units.push(media.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    const sample = { time, duration, isKeyframe: moof.readUInt32BE(entry + 8) === 0x02000000, units };
    time += duration;
    return sample;
  });
}

/** When the pictures of a file of fake ones were taken, in order. */
export const momentsIn = (file: Uint8Array): number[] =>
  readFragments(file)
    .fragments.flat()
    .map(({ units }) => momentOf(units.at(-1) ?? new Uint8Array()));
