/** Cuts an Annex B byte stream into NAL units, without start codes and trailing zeros. The units are views of it. */
export function splitAnnexB(stream: Buffer): Buffer[] {
  const units: Buffer[] = [];
  let start = -1;
  for (let at = stream.indexOf(1, 2); at !== -1; at = stream.indexOf(1, at + 1)) {
    if (stream[at - 1] !== 0 || stream[at - 2] !== 0) continue;
    push(units, stream, start, at - 2);
    start = at + 1;
  }
  push(units, stream, start, stream.length);
  return units;
}

function push(units: Buffer[], stream: Buffer, start: number, until: number): void {
  if (start < 0) return;
  let end = until;
  // The zero of a four-byte start code, and padding.
  while (end > start && stream[end - 1] === 0) end--;
  if (end > start) units.push(stream.subarray(start, end));
}

/** Whether a picture can be decoded without another one: it holds an IDR slice, or in H.265 any random access slice. */
export function hasKeyframe(codec: 'H264' | 'H265', units: readonly Buffer[]): boolean {
  return units.some((unit) => {
    const first = unit[0] ?? 0;
    if (codec === 'H264') return (first & 0x1f) === 5;
    const type = (first >> 1) & 0x3f;
    return type >= 16 && type <= 21;
  });
}
