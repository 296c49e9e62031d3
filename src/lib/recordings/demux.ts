/** One coded picture of a recording. */
export interface CodedFrame {
  /** When it was taken, epoch ms. */
  readonly time: number;
  readonly isKey: boolean;
  /** As the container has it: NAL units behind their lengths. A view, not a copy. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** What {@link readFragment} finds. */
export interface Fragment {
  readonly width: number;
  readonly height: number;
  readonly sampleEntry: 'avc1' | 'avc3' | 'hvc1' | 'hev1';
  /** Content of `avcC` or `hvcC`: the description that WebCodecs asks for. */
  readonly description: Uint8Array<ArrayBuffer>;
  /** In the order of decoding. The first is a keyframe. */
  readonly frames: readonly CodedFrame[];
}

/** The bytes are not the one form of MP4 that the contract promises. */
export class DemuxError extends Error {
  override readonly name = 'DemuxError';
  readonly code = 'damaged';
}

interface Box {
  readonly type: string;
  /** Of the content, behind the header. */
  readonly start: number;
  readonly end: number;
}

const sampleEntries = ['avc1', 'avc3', 'hvc1', 'hev1'] as const;
/** A visual sample entry before the boxes in it (ISO/IEC 14496-12 12.1.3). */
const sampleEntryLength = 78;
/** sample_is_non_sync_sample of the sample flags (8.8.3.1). */
const nonSync = 0x10000;
/** More frames than this in a group of pictures are a mistake: 25 a second for three minutes. */
const mostFrames = 4500;

/**
 * Reads the fragmented MP4 that frames come in (contract/recording.ts): one track, one fragment. Deliberately no general
 * demuxer; anything else than promised throws a {@link DemuxError}.
 */
export function readFragment(file: Uint8Array<ArrayBuffer>): Fragment {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const top = boxesIn(view, 0, file.byteLength);
  if (top.map(({ type }) => type).join(' ') !== 'ftyp moov moof mdat')
    throw new DemuxError(`boxes are ${top.map(({ type }) => type).join(' ')}`);
  const [, moov, moof, mdat] = top as [Box, Box, Box, Box];
  const trak = only(view, moov, 'trak');
  const mdia = only(view, trak, 'mdia');
  const ticksPerMs = timescaleOf(view, only(view, mdia, 'mdhd')) / 1000;
  const stbl = only(view, only(view, mdia, 'minf'), 'stbl');
  const entry = readSampleEntry(view, file, only(view, stbl, 'stsd'));

  const traf = only(view, moof, 'traf');
  const tfhd = only(view, traf, 'tfhd');
  // Only the track's id: every sample says for itself how long and large it is.
  if ((view.getUint32(tfhd.start) & 0xffffff & ~0x020000) !== 0) throw new DemuxError('tfhd has defaults');
  const tfdt = only(view, traf, 'tfdt');
  if (view.getUint8(tfdt.start) !== 1) throw new DemuxError('tfdt is not of version 1');
  const base = view.getUint32(tfdt.start + 4) * 2 ** 32 + view.getUint32(tfdt.start + 8);
  const frames = readRun(view, file, only(view, traf, 'trun'), { base, ticksPerMs, moof, mdat });
  return { ...entry, frames };
}

function readRun(
  view: DataView,
  file: Uint8Array<ArrayBuffer>,
  trun: Box,
  { base, ticksPerMs, moof, mdat }: { base: number; ticksPerMs: number; moof: Box; mdat: Box },
): CodedFrame[] {
  const flags = view.getUint32(trun.start) & 0xffffff;
  const count = view.getUint32(trun.start + 4);
  // Data offset, durations, sizes and flags are there; offsets of composition may be.
  if ((flags & ~0x800) !== 0x701) throw new DemuxError(`trun has flags ${flags.toString(16)}`);
  const each = (flags & 0x800) === 0 ? 12 : 16;
  if (count < 1 || count > mostFrames || trun.start + 12 + count * each !== trun.end)
    throw new DemuxError(`trun of ${count} samples does not fit`);
  // default-base-is-moof: counted from the first byte of `moof`, whose header has eight.
  let at = moof.start - 8 + view.getInt32(trun.start + 8);
  if (at !== mdat.start) throw new DemuxError('the data does not begin with mdat');
  let ticks = base;
  const frames: CodedFrame[] = [];
  for (let i = 0; i < count; i++) {
    const entry = trun.start + 12 + i * each;
    const size = view.getUint32(entry + 4);
    if (at + size > mdat.end) throw new DemuxError('a sample reaches out of mdat');
    const shift = each === 16 ? view.getInt32(entry + 12) : 0;
    frames.push({
      time: Math.round((ticks + shift) / ticksPerMs),
      isKey: (view.getUint32(entry + 8) & nonSync) === 0,
      data: file.subarray(at, at + size),
    });
    ticks += view.getUint32(entry);
    at += size;
  }
  if (at !== mdat.end) throw new DemuxError('mdat is longer than its samples');
  if (frames[0]?.isKey !== true) throw new DemuxError('the first frame is no keyframe');
  return frames;
}

function readSampleEntry(view: DataView, file: Uint8Array<ArrayBuffer>, stsd: Box): Omit<Fragment, 'frames'> {
  const entries = boxesIn(view, stsd.start + 8, stsd.end);
  const [entry] = entries;
  const sampleEntry = sampleEntries.find((name) => name === entry?.type);
  if (!entry || entries.length !== 1 || !sampleEntry)
    throw new DemuxError(`sample entries are ${entries.map(({ type }) => type).join(' ')}`);
  const type = sampleEntry.startsWith('avc') ? 'avcC' : 'hvcC';
  const configuration = only(view, { ...entry, start: entry.start + sampleEntryLength }, type);
  return {
    width: view.getUint16(entry.start + 24),
    height: view.getUint16(entry.start + 26),
    sampleEntry,
    description: file.subarray(configuration.start, configuration.end),
  };
}

function timescaleOf(view: DataView, mdhd: Box): number {
  const timescale = view.getUint32(mdhd.start + (view.getUint8(mdhd.start) === 1 ? 20 : 12));
  if (timescale !== 1000 && timescale !== 90_000) throw new DemuxError(`the timescale is ${timescale}`);
  return timescale;
}

/** The one box of that type in another. */
function only(view: DataView, parent: Box, type: string): Box {
  const found = boxesIn(view, parent.start, parent.end).filter((box) => box.type === type);
  const [box] = found;
  if (!box || found.length > 1) throw new DemuxError(`${found.length} boxes ${type} in ${parent.type}`);
  return box;
}

function boxesIn(view: DataView, start: number, end: number): Box[] {
  const boxes: Box[] = [];
  for (let at = start; at < end;) {
    if (at + 8 > end) throw new DemuxError('a box is cut off');
    const length = view.getUint32(at);
    if (length < 8 || at + length > end) throw new DemuxError(`a box has a length of ${length}`);
    const type = String.fromCharCode(...[4, 5, 6, 7].map((i) => view.getUint8(at + i)));
    boxes.push({ type, start: at + 8, end: at + length });
    at += length;
  }
  return boxes;
}
